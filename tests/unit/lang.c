/*
 * Tests of lang.c: which language is meant. That no text lacks, and that
 * conversions agree, is for tests/lang.sh.
 */
#include "../../lang.h"

#include "test.h"

static const struct {
	const char *range;
	enum lang lang;
} ranges[] = {
    {"en",		LANG_EN   },
    {"EN",		LANG_EN   },
    {"en-GB",             LANG_EN   },
    {"*",		 LANG_EN   },
    {"i-default",         LANG_EN   },
    {"I-DEFAULT",         LANG_EN   },
    {"de",		LANG_DE   },
    {"De",		LANG_DE   },
    {"de-AT",             LANG_DE   },
    {"de-Latn-DE-1996",   LANG_DE   },
    {"",		  LANG_COUNT},
    {"d",		 LANG_COUNT},
    {"den",	       LANG_COUNT},
    {"enm",	       LANG_COUNT},
    {"x-de",	      LANG_COUNT},
    {"-de",	       LANG_COUNT},
    {"i-default-no-more", LANG_COUNT},
    {"**",		LANG_COUNT},
    {"\xc3\xa4\xff",      LANG_COUNT},
};

static void
ranges_mean_languages(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ranges); i++)
		check(lang_find(ranges[i].range) == ranges[i].lang, "\"%s\"",
		    ranges[i].range);
}

static void
tags_mean_themselves(void **state)
{
	(void)state;
	for (enum lang l = 0; l < LANG_COUNT; l++) {
		assert_int_equal(lang_find(lang_tag(l)), l);
		assert_true(strlen(lang_name(l)) > 0);
	}
}

static void
texts_are_looked_up(void **state)
{
	(void)state;
	assert_string_equal(lang_text(LANG_EN, "goodbye"), "goodbye");
	assert_string_equal(lang_text(LANG_DE, "goodbye"), "auf Wiedersehen");
	assert_string_equal(lang_text(LANG_DE, "%u %u"), "%u %u");
	assert_string_equal(lang_text(LANG_DE, ""), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_mean_languages),
	    cmocka_unit_test(tags_mean_themselves),
	    cmocka_unit_test(texts_are_looked_up),
	};

	return cmocka_run_group_tests_name("lang", tests, NULL, NULL);
}

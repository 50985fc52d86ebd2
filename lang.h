/*
 * lang.h - what is said to people, in their language: RFC 6856 s. 3
 *
 * Texts are written in English where they are used; here they are looked up.
 */
#ifndef LANG_H
#define LANG_H

enum lang {
	LANG_EN, /* also "i-default": RFC 2277 s. 4.5 */
	LANG_DE,
	LANG_COUNT
};

/*
 * The text in that language, as UTF-8; itself if there is no translation. Its
 * conversions are the same, in the same order.
 */
const char *lang_text(enum lang lang, const char *english)
    __attribute__((format_arg(2)));

/* Which language is meant by a language range, such as de-AT (RFC 4647 s.
 * 3.4), or by "*"; LANG_COUNT if there is none. */
enum lang lang_find(const char *range);

/* For a list of them. */
const char *lang_tag(enum lang lang);
const char *lang_name(enum lang lang); /* in that language */

#endif

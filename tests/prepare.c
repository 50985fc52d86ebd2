/*
 * prepare.c - prepares lines, for tests/prepare.py
 *
 * A line is a letter and the bytes of a text in hex; its answer those of the
 * prepared text, or "-" and what is wrong with it.
 */
#include "../prep.h"

#include <stdio.h>
#include <string.h>

static const char *
prepare(char how, const char *text, char *out, size_t room)
{
	switch (how) {
	case 'q':
		return prep_query(PREP_SASL, text, out, room);
	case 't':
		return prep_query(PREP_TYPED, text, out, room);
	case 's':
		return prep_stored(text, out, room);
	default:
		return prep_strictly(text, out, room);
	}
}

static void
read_hex(const char *digits, char *out)
{
	static const char all[] = "0123456789abcdef";

	for (; strlen(digits) > 1; digits += 2)
		*out++ = (char)((strchr(all, digits[0]) - all) << 4 |
		    (strchr(all, digits[1]) - all));
	*out = '\0';
}

int
main(void)
{
	char line[1024], text[512], out[256];

	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *wrong;

		line[strcspn(line, "\n")] = '\0';
		read_hex(line + 1, text);
		wrong = prepare(line[0], text, out, sizeof out);
		printf("%s", wrong == NULL ? "" : "-");
		for (const char *c = wrong == NULL ? out : wrong; *c != '\0';
		     c++)
			printf(
			    wrong == NULL ? "%02x" : "%c", (unsigned char)*c);
		printf("\n");
	}
	return 0;
}

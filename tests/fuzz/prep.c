/*
 * prep.c - names and passwords: what is prepared stays as it is
 */
#include "../../prep.h"

#include "fuzz.h"

#define ROOM 512

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char text[ROOM], out[ROOM], again[ROOM];

	if (n >= ROOM)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	for (int form = PREP_SASL; form <= PREP_TYPED; form++) {
		if (prep_query((enum prep_form)form, text, out, sizeof out) !=
		    NULL) {
			expect(form == PREP_SASL);
			continue;
		}
		expect(memchr(out, '\0', sizeof out) != NULL);
		if (prep_query(
			(enum prep_form)form, out, again, sizeof again) == NULL)
			expect(strcmp(out, again) == 0);
	}
	if (prep_strictly(text, out, sizeof out) == NULL &&
	    prep_query(PREP_SASL, text, again, sizeof again) == NULL)
		expect(strcmp(out, again) == 0 || again[0] == '\0');
	if (prep_stored(text, out, sizeof out) == NULL &&
	    prep_query(PREP_SASL, text, again, sizeof again) == NULL)
		expect(strcmp(out, again) == 0);
	return 0;
}

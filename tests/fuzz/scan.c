/*
 * scan.c - a file that may be an mbox: the messages that are found are those of
 * the unit tests' model, in one go and after an append
 */
#include "../unit/mboxes.h"
#include "fuzz.h"

#undef check

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	return 0;
}

/* Where c-client's own message comes first, the model numbers as we do. */
static void
compare(const struct mbox *m)
{
	uint64_t octets = 0;

	expect(m->count == model.count);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_message *want = &model.messages[i];

		expect((size_t)m->messages[i].offset == want->offset);
		expect((size_t)mbox_content(m, i) == want->content);
		expect((size_t)mbox_content_end(m, i) == want->end);
		expect(m->messages[i].octets == want->sent_len);
		octets += want->sent_len;
	}
	expect(m->octets == octets);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mbox m;
	enum trouble why;

	if (n > MODEL_ROOM / 2)
		return 0;
	/* As many messages as the model has room for. */
	for (size_t i = 0, froms = 0; i + 5 < n; i++)
		if (memcmp(data + i, "From ", 5) == 0 &&
		    ++froms == MODEL_MESSAGES)
			return 0;
	model_set((const char *)data, n);
	why = scan_model(&m);
	expect((why == FINE) == model.is_mbox);
	if (why == FINE)
		compare(&m);
	mbox_close(&m);
	return 0;
}

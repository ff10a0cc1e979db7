/*
 * Whether what many clients saw of versioned records could have happened one step at a time.
 *
 * Every write that succeeds says its revision, so no search is needed: the order of the writes is
 * known, and the check is a sort and a sweep. An event's times are of one clock that all clients
 * share; the step that it stands for happened somewhere between begin and end.
 */
#ifndef MCPSESS_TESTS_HISTORY_H
#define MCPSESS_TESTS_HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum mcpsess_history_kind {
	HISTORY_WRITE,  /* made the revision: 1 created */
	HISTORY_SAW,    /* met the revision: a read, a touch, a conflict */
	HISTORY_DELETE, /* ended the record, or found it ended */
	HISTORY_MISS,   /* met no record */
};

struct mcpsess_history_event {
	uint64_t key;
	uint64_t revision; /* HISTORY_WRITE, HISTORY_SAW */
	uint64_t begin, end;
	uint32_t kind;    /* enum mcpsess_history_kind */
	uint32_t unknown; /* a write or delete that may have happened, or may yet */
};

/*
 * 0, or -1 and what broke which promise in text. Sorts the events. A key is created at most once
 * in its life. Needs memory in proportion; -1 without.
 */
int mcpsess_history_check(
	struct mcpsess_history_event *events, size_t count, char *text, size_t capacity);

#endif

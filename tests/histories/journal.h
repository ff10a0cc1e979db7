/* The file a client writes its records to; what is in it survives the process. */
#ifndef MCPSESS_TESTS_JOURNAL_H
#define MCPSESS_TESTS_JOURNAL_H

#include <stddef.h>

#include "record.h"

struct journal {
	struct record *records;
	uint64_t count, capacity;
	void *map;
	size_t size;
};

/* 0, or -1 with errno. */
int mcpsess_journal_open(struct journal *journal, const char *path,
	const struct record_header *header, uint64_t capacity);
void mcpsess_journal_close(struct journal *journal);

/* The next record; NULL when the journal is full. */
struct record *mcpsess_journal_next(struct journal *journal);

#endif

#include "journal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int mcpsess_journal_open(struct journal *journal, const char *path,
	const struct record_header *header, uint64_t capacity)
{
	memset(journal, 0, sizeof(*journal));
	journal->size = sizeof(*header) + (size_t)capacity * sizeof(struct record);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -1;
	}
	void *map = MAP_FAILED;
	if (ftruncate(fd, (off_t)journal->size) == 0) {
		map = mmap(NULL, journal->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	}
	close(fd);
	if (map == MAP_FAILED) {
		return -1;
	}
	memcpy(map, header, sizeof(*header));
	journal->map = map;
	journal->records = (struct record *)(void *)((char *)map + sizeof(*header));
	journal->capacity = capacity;
	return 0;
}

void mcpsess_journal_close(struct journal *journal)
{
	if (journal->map != NULL) {
		munmap(journal->map, journal->size);
	}
}

struct record *mcpsess_journal_next(struct journal *journal)
{
	return journal->count < journal->capacity ? &journal->records[journal->count++] : NULL;
}

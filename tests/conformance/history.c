#include "history.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one key while its events, sorted by begin, are swept. */
struct sweep {
	const struct mcpsess_history_event *events;
	size_t count;
	const struct mcpsess_history_event **by_end;
	const struct mcpsess_history_event **writers; /* by revision; NULL: nobody said so */
	uint64_t *earliest; /* by revision: when a write that made it, or may have, began */
	uint64_t top;       /* highest revision that anybody was told */
	char *text;
	size_t capacity;
};

__attribute__((format(printf, 2, 3))) static int broken(
	struct sweep *sweep, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(sweep->text, sweep->capacity, format, args);
	va_end(args);
	return -1;
}

static int by_key_and_begin(const void *a, const void *b)
{
	const struct mcpsess_history_event *one = a, *two = b;
	if (one->key != two->key) {
		return one->key < two->key ? -1 : 1;
	}
	return one->begin < two->begin ? -1 : one->begin > two->begin;
}

static int by_end(const void *a, const void *b)
{
	const struct mcpsess_history_event *one = *(const struct mcpsess_history_event *const *)a;
	const struct mcpsess_history_event *two = *(const struct mcpsess_history_event *const *)b;
	return one->end < two->end ? -1 : one->end > two->end;
}

static int shows_revision(const struct mcpsess_history_event *event)
{
	return !event->unknown && (event->kind == HISTORY_WRITE || event->kind == HISTORY_SAW);
}

/* Rule 1: no two writes make one revision. */
static int collect_writes(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++) {
		const struct mcpsess_history_event *event = &sweep->events[i];
		uint64_t revision = event->revision;
		if (event->kind != HISTORY_WRITE || revision > sweep->top) {
			continue;
		}
		if (event->begin < sweep->earliest[revision]) {
			sweep->earliest[revision] = event->begin;
		}
		if (event->unknown) {
			continue;
		}
		if (sweep->writers[revision] != NULL) {
			return broken(sweep, "no two writes make one revision: two made %llu",
				(unsigned long long)revision);
		}
		sweep->writers[revision] = event;
	}
	return 0;
}

/*
 * Rule 2: what was seen had been written: its write, and those of all before it, had begun when
 * the one who saw it was over.
 */
static int check_causes(struct sweep *sweep)
{
	for (uint64_t revision = 2; revision <= sweep->top; revision++) {
		if (sweep->earliest[revision] < sweep->earliest[revision - 1]) {
			sweep->earliest[revision] = sweep->earliest[revision - 1];
		}
	}
	for (size_t i = 0; i < sweep->count; i++) {
		const struct mcpsess_history_event *event = &sweep->events[i];
		if (shows_revision(event) && sweep->earliest[event->revision] > event->end) {
			return broken(sweep,
				"what is seen was written before: revision %llu was seen, and %s",
				(unsigned long long)event->revision,
				sweep->earliest[event->revision] == UINT64_MAX
					? "nobody wrote it or one before it"
					: "its write began later");
		}
	}
	return 0;
}

/* Rule 3: nobody sees a revision after somebody has seen a newer one. */
static int check_order(struct sweep *sweep)
{
	uint64_t newest = 0;
	size_t ended = 0;
	for (size_t i = 0; i < sweep->count; i++) {
		const struct mcpsess_history_event *event = &sweep->events[i];
		for (; ended < sweep->count && sweep->by_end[ended]->end < event->begin; ended++) {
			const struct mcpsess_history_event *before = sweep->by_end[ended];
			if (shows_revision(before) && before->revision > newest) {
				newest = before->revision;
			}
		}
		if (shows_revision(event) && event->revision < newest) {
			return broken(sweep,
				"no read is stale: revision %llu was %s after %llu had been seen",
				(unsigned long long)event->revision,
				event->kind == HISTORY_WRITE ? "written" : "seen",
				(unsigned long long)newest);
		}
	}
	return 0;
}

/* Rule 4: after a delete is over nobody sees the record, and before one begins nobody misses it. */
static int check_ends(struct sweep *sweep)
{
	uint64_t delete_over = UINT64_MAX, delete_begun = UINT64_MAX, created = UINT64_MAX;
	for (size_t i = 0; i < sweep->count; i++) {
		const struct mcpsess_history_event *event = &sweep->events[i];
		if (event->kind == HISTORY_DELETE) {
			if (!event->unknown && event->end < delete_over) {
				delete_over = event->end;
			}
			if (event->begin < delete_begun) {
				delete_begun = event->begin;
			}
		} else if (shows_revision(event) && event->end < created) {
			created = event->end;
		}
	}
	for (size_t i = 0; i < sweep->count; i++) {
		const struct mcpsess_history_event *event = &sweep->events[i];
		if (shows_revision(event) && event->begin > delete_over) {
			return broken(sweep,
				"what was deleted never comes back: revision %llu was %s "
				"afterwards",
				(unsigned long long)event->revision,
				event->kind == HISTORY_WRITE ? "written" : "seen");
		}
		if (event->kind == HISTORY_MISS && event->begin > created &&
			event->end < delete_begun) {
			return broken(sweep, "a live record is found: it was missed before any "
					     "delete began");
		}
	}
	return 0;
}

static int check_key(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->count; i++) {
		if (shows_revision(&sweep->events[i]) && sweep->events[i].revision > sweep->top) {
			sweep->top = sweep->events[i].revision;
		}
	}
	if (sweep->top > sweep->count + 1) {
		return broken(sweep,
			"a write raises the revision by 1: %llu was seen after %zu events",
			(unsigned long long)sweep->top, sweep->count);
	}
	size_t room = (size_t)sweep->top + 1;
	sweep->by_end = malloc(sweep->count * sizeof(sweep->by_end[0]));
	sweep->writers = calloc(room, sizeof(sweep->writers[0]));
	sweep->earliest = malloc(room * sizeof(sweep->earliest[0]));
	int r = -1;
	if (sweep->by_end == NULL || sweep->writers == NULL || sweep->earliest == NULL) {
		broken(sweep, "no memory to check a history");
	} else {
		memset(sweep->earliest, 0xff, room * sizeof(sweep->earliest[0]));
		for (size_t i = 0; i < sweep->count; i++) {
			sweep->by_end[i] = &sweep->events[i];
		}
		qsort(sweep->by_end, sweep->count, sizeof(sweep->by_end[0]), by_end);
		r = collect_writes(sweep) < 0 || check_causes(sweep) < 0 ||
				    check_order(sweep) < 0 || check_ends(sweep) < 0
			    ? -1
			    : 0;
	}
	free(sweep->by_end);
	free(sweep->writers);
	free(sweep->earliest);
	return r;
}

int mcpsess_history_check(
	struct mcpsess_history_event *events, size_t count, char *text, size_t capacity)
{
	size_t last;
	if (count == 0) {
		return 0;
	}
	qsort(events, count, sizeof(events[0]), by_key_and_begin);
	for (size_t first = 0; first < count; first = last) {
		last = first + 1;
		while (last < count && events[last].key == events[first].key) {
			last++;
		}
		struct sweep sweep = { .events = &events[first],
			.count = last - first,
			.text = text,
			.capacity = capacity };
		if (check_key(&sweep) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The checker of histories: it accepts what could have happened and refuses each thing that could
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "history.h"

enum { WROTE = HISTORY_WRITE, SAW = HISTORY_SAW, DELETED = HISTORY_DELETE, MISSED = HISTORY_MISS };

#define FOR_EVER UINT64_MAX

/* key, revision, begin, end, kind, unknown */
#define EVENT(...) ((struct mcpsess_history_event){ __VA_ARGS__ })

static int check(const struct mcpsess_history_event *events, size_t count, char text[200])
{
	struct mcpsess_history_event copy[16];
	memcpy(copy, events, count * sizeof(events[0]));
	text[0] = '\0';
	return mcpsess_history_check(copy, count, text, 200);
}

#define ACCEPT(...) \
	do { \
		const struct mcpsess_history_event events[] = { __VA_ARGS__ }; \
		char text[200]; \
		int r = check(events, sizeof(events) / sizeof(events[0]), text); \
		assert_string_equal(text, ""); \
		assert_int_equal(r, 0); \
	} while (0)

#define REFUSE(words, ...) \
	do { \
		const struct mcpsess_history_event events[] = { __VA_ARGS__ }; \
		char text[200]; \
		assert_int_equal(check(events, sizeof(events) / sizeof(events[0]), text), -1); \
		assert_non_null(strstr(text, words)); \
	} while (0)

static void a_life_one_step_at_a_time_is_accepted(void **state)
{
	(void)state;
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 1, 30, 40, SAW, 0),
		EVENT(1, 2, 50, 60, WROTE, 0), EVENT(1, 2, 70, 80, SAW, 0),
		EVENT(1, 0, 90, 95, DELETED, 0), EVENT(1, 0, 96, 97, MISSED, 0));
}

static void what_overlaps_may_have_happened_in_either_order(void **state)
{
	(void)state;
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, 60, WROTE, 0),
		EVENT(1, 1, 35, 55, SAW, 0), EVENT(1, 2, 32, 50, SAW, 0),
		EVENT(1, 0, 70, 90, DELETED, 0), EVENT(1, 2, 75, 95, SAW, 0),
		EVENT(1, 0, 75, 80, MISSED, 0));
}

static void keys_have_histories_of_their_own(void **state)
{
	(void)state;
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(2, 1, 12, 22, WROTE, 0),
		EVENT(1, 2, 30, 40, WROTE, 0), EVENT(2, 1, 50, 60, SAW, 0),
		EVENT(1, 0, 50, 55, DELETED, 0), EVENT(2, 1, 70, 80, SAW, 0));
}

static void two_writes_of_one_revision_are_refused(void **state)
{
	(void)state;
	REFUSE("no two writes", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, 40, WROTE, 0),
		EVENT(1, 2, 35, 45, WROTE, 0));
}

static void a_stale_read_is_refused(void **state)
{
	(void)state;
	REFUSE("no read is stale", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, 40, WROTE, 0),
		EVENT(1, 1, 50, 60, SAW, 0));
	REFUSE("no read is stale", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, 90, WROTE, 0),
		EVENT(1, 2, 35, 45, SAW, 0), EVENT(1, 1, 50, 60, SAW, 0));
}

static void a_read_of_the_future_is_refused(void **state)
{
	(void)state;
	REFUSE("written before", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 25, 30, SAW, 0),
		EVENT(1, 2, 40, 50, WROTE, 0));
	REFUSE("written before", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 25, 30, SAW, 0));
}

static void a_write_before_its_predecessor_is_refused(void **state)
{
	(void)state;
	REFUSE("written before", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 3, 30, 40, WROTE, 0),
		EVENT(1, 2, 50, 60, WROTE, 0));
}

static void a_revision_out_of_nowhere_is_refused(void **state)
{
	(void)state;
	REFUSE("raises the revision by 1", EVENT(1, 1, 10, 20, WROTE, 0),
		EVENT(1, 900, 30, 40, SAW, 0));
}

static void resurrection_is_refused(void **state)
{
	(void)state;
	REFUSE("never comes back", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 0, 30, 40, DELETED, 0),
		EVENT(1, 1, 50, 60, SAW, 0));
	REFUSE("never comes back", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 0, 30, 40, DELETED, 0),
		EVENT(1, 2, 50, 60, WROTE, 0));
}

static void a_record_that_vanishes_is_refused(void **state)
{
	(void)state;
	REFUSE("a live record is found", EVENT(1, 1, 10, 20, WROTE, 0),
		EVENT(1, 0, 30, 40, MISSED, 0));
	REFUSE("a live record is found", EVENT(1, 1, 10, 20, WROTE, 0),
		EVENT(1, 0, 30, 40, MISSED, 0), EVENT(1, 0, 50, 60, DELETED, 0));
	ACCEPT(EVENT(1, 0, 5, 8, MISSED, 0), EVENT(1, 1, 10, 20, WROTE, 0),
		EVENT(1, 0, 15, 18, MISSED, 0));
}

/* Where the answer was lost the write may have happened, then or later, or never. */
static void lost_answers_leave_both_ways_open(void **state)
{
	(void)state;
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, FOR_EVER, WROTE, 1),
		EVENT(1, 1, 40, 50, SAW, 0), EVENT(1, 2, 60, 70, SAW, 0));
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 30, FOR_EVER, WROTE, 1),
		EVENT(1, 2, 40, 50, WROTE, 0), EVENT(1, 2, 60, 70, SAW, 0));
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 0, 30, FOR_EVER, DELETED, 1),
		EVENT(1, 1, 40, 50, SAW, 0), EVENT(1, 0, 60, 70, MISSED, 0));
	ACCEPT(EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 900, 30, FOR_EVER, WROTE, 1));
	REFUSE("written before", EVENT(1, 1, 10, 20, WROTE, 0), EVENT(1, 2, 25, 30, SAW, 0),
		EVENT(1, 2, 40, FOR_EVER, WROTE, 1));
}

static void an_empty_history_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(mcpsess_history_check(NULL, 0, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_one_step_at_a_time_is_accepted),
		cmocka_unit_test(what_overlaps_may_have_happened_in_either_order),
		cmocka_unit_test(keys_have_histories_of_their_own),
		cmocka_unit_test(two_writes_of_one_revision_are_refused),
		cmocka_unit_test(a_stale_read_is_refused),
		cmocka_unit_test(a_read_of_the_future_is_refused),
		cmocka_unit_test(a_write_before_its_predecessor_is_refused),
		cmocka_unit_test(a_revision_out_of_nowhere_is_refused),
		cmocka_unit_test(resurrection_is_refused),
		cmocka_unit_test(a_record_that_vanishes_is_refused),
		cmocka_unit_test(lost_answers_leave_both_ways_open),
		cmocka_unit_test(an_empty_history_is_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

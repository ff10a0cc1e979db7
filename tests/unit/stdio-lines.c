/* Lines out of bytes that come in any pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "stdio/lines.h"

enum { MAX = 8 };

/* Eight bytes fit, nine do not, whatever ends the line. */
static const char input[] =
	"one\r\n\ntwo\r2\n12345678\n12345678\r\n123456789\n1234567890123456789\n"
	"123456789\r\nlast";
static const char *const expected[] = { "one", "", "two\r2", "12345678", "12345678", NULL, NULL,
	NULL, "last" };

/* When memory runs out: 0 is at the next allocation, below is never. */
static int allocations_left = -1;
static int blocks;

static void *failing_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	if (size == 0) {
		blocks -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (allocations_left == 0) {
		return NULL;
	}
	allocations_left -= allocations_left > 0;
	blocks += ptr == NULL;
	return realloc(ptr, size);
}

static void open_lines(struct mcpsess_lines *lines, struct mcpsess_env *env)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = failing_realloc };
	mcpsess_env_init(env, &hooks);
	mcpsess_lines_init(lines, env, MAX);
}

static size_t take(struct mcpsess_lines *lines, size_t from)
{
	struct mcpsess_bytes line;
	while (mcpsess_lines_next(lines, &line)) {
		const char *want = expected[from];
		assert_true(from < sizeof(expected) / sizeof(expected[0]));
		if (want != NULL) {
			assert_true(mcpsess_bytes_equal(line, mcpsess_str(want)));
		} else {
			assert_true(line.len > MAX && line.len <= MAX + 2);
		}
		mcpsess_lines_let_go(lines);
		from++;
	}
	return from;
}

static void lines_are_the_same_however_the_bytes_were_cut(void **state)
{
	(void)state;
	size_t len = strlen(input);
	for (size_t piece = 1; piece <= len; piece++) {
		struct mcpsess_env env;
		struct mcpsess_lines lines;
		size_t count = 0;
		open_lines(&lines, &env);
		for (size_t at = 0; at < len; at += piece) {
			size_t some = len - at < piece ? len - at : piece;
			/* A copy of its own: reading past a piece shows under ASan. */
			char *copy = malloc(some);
			memcpy(copy, input + at, some);
			assert_int_equal(
				mcpsess_lines_feed(&lines, mcpsess_mem(copy, some)), MCPSESS_OK);
			free(copy);
			count = take(&lines, count);
		}
		assert_int_equal(count, 8);
		mcpsess_lines_finish(&lines);
		assert_int_equal(take(&lines, count), 9);
		assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("x")), MCPSESS_E_INVALID);
		mcpsess_lines_free(&lines);
		assert_int_equal(blocks, 0);
	}
}

static void a_line_that_is_out_stays_while_more_is_fed(void **state)
{
	(void)state;
	struct mcpsess_env env;
	struct mcpsess_lines lines;
	struct mcpsess_bytes first, line;
	open_lines(&lines, &env);
	mcpsess_lines_feed(&lines, mcpsess_str("first\nsec"));
	assert_int_equal(mcpsess_lines_next(&lines, &first), 1);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("ond\nsec")), MCPSESS_OK);
	}
	assert_true(mcpsess_bytes_equal(first, mcpsess_str("first")));
	mcpsess_lines_let_go(&lines);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mcpsess_lines_next(&lines, &line), 1);
		assert_true(mcpsess_bytes_equal(line, mcpsess_str("second")));
		mcpsess_lines_let_go(&lines);
	}
	assert_int_equal(mcpsess_lines_next(&lines, &line), 0);
	mcpsess_lines_free(&lines);
	assert_int_equal(blocks, 0);
}

static void an_endless_line_takes_no_memory(void **state)
{
	(void)state;
	struct mcpsess_env env;
	struct mcpsess_lines lines;
	struct mcpsess_bytes line;
	char piece[64];
	memset(piece, 'x', sizeof(piece));
	open_lines(&lines, &env);
	for (int i = 0; i < 10000; i++) {
		assert_int_equal(
			mcpsess_lines_feed(&lines, mcpsess_mem(piece, sizeof(piece))), MCPSESS_OK);
		assert_int_equal(mcpsess_lines_next(&lines, &line), 0);
	}
	assert_true(lines.text.capacity <= 256);
	mcpsess_lines_feed(&lines, mcpsess_str("\nok\n"));
	assert_int_equal(mcpsess_lines_next(&lines, &line), 1);
	assert_true(line.len > MAX);
	mcpsess_lines_let_go(&lines);
	assert_int_equal(mcpsess_lines_next(&lines, &line), 1);
	assert_true(mcpsess_bytes_equal(line, mcpsess_str("ok")));
	mcpsess_lines_free(&lines);
}

static void without_memory_nothing_is_taken_and_nothing_lost(void **state)
{
	(void)state;
	struct mcpsess_env env;
	struct mcpsess_lines lines;
	struct mcpsess_bytes first, line;
	open_lines(&lines, &env);
	allocations_left = 0;
	assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("one\n")), MCPSESS_E_NOMEM);
	allocations_left = -1;
	assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("one\ntw")), MCPSESS_OK);
	assert_int_equal(mcpsess_lines_next(&lines, &first), 1);
	allocations_left = 0;
	assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("o\n")), MCPSESS_E_NOMEM);
	allocations_left = -1;
	assert_true(mcpsess_bytes_equal(first, mcpsess_str("one")));
	assert_int_equal(mcpsess_lines_feed(&lines, mcpsess_str("o\n")), MCPSESS_OK);
	mcpsess_lines_let_go(&lines);
	assert_int_equal(mcpsess_lines_next(&lines, &line), 1);
	assert_true(mcpsess_bytes_equal(line, mcpsess_str("two")));
	mcpsess_lines_free(&lines);
	assert_int_equal(blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_however_the_bytes_were_cut),
		cmocka_unit_test(a_line_that_is_out_stays_while_more_is_fed),
		cmocka_unit_test(an_endless_line_takes_no_memory),
		cmocka_unit_test(without_memory_nothing_is_taken_and_nothing_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

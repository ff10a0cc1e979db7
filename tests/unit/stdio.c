/* stdio: messages are lines, and a connection is a session. */
#include "moody.h"
#include "site.h"

#include <mcpsess/stdio.h>

static const struct mcpsess_http_options plain;
static const struct mcpsess_rpc_options usual;

static const struct mcpsess_bytes nothing;

static struct mcpsess_stdio *connect_to(struct site *site, const char *principal)
{
	struct mcpsess_stdio *io = NULL;
	assert_int_equal(
		mcpsess_stdio_create(site->rpc, nothing, mcpsess_str(principal), &io, NULL),
		MCPSESS_OK);
	return io;
}

/* Everything there is to say now, appended to out. */
static void drain(struct mcpsess_stdio *io, char *out)
{
	int verdict;
	while ((verdict = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			assert_int_equal(mcpsess_stdio_output(io).len, 0);
			verdict = (int)site_host(mcpsess_stdio_message(io));
		}
		assert_int_equal(verdict, MCPSESS_REPLY);
		assert_null(mcpsess_stdio_message(io));
		struct mcpsess_bytes output = mcpsess_stdio_output(io);
		const char *at = output.data;
		if (output.len > 0) {
			/* One newline, at the end. */
			assert_ptr_equal(memchr(at, '\n', output.len), at + output.len - 1);
			strncat(out, at, output.len);
		}
	}
	assert_int_equal(mcpsess_stdio_output(io).len, 0);
}

static void say(struct mcpsess_stdio *io, const char *text, char *out)
{
	out[0] = '\0';
	assert_int_equal(mcpsess_stdio_feed(io, mcpsess_str(text)), MCPSESS_OK);
	drain(io, out);
}

#define PONG    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"
#define REFUSED "\"error\":{\"code\":-32600"

static void a_connection_is_a_session(void **state)
{
	(void)state;
	struct site site;
	char out[8192];
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "uid:1000");
	say(io, PING "\n", out);
	assert_non_null(strstr(out, REFUSED));
	say(io, INITIALIZE "\n", out);
	assert_non_null(strstr(out, "\"protocolVersion\":\"2025-11-25\""));
	assert_int_equal(site_count(&site), 1);
	say(io, INITIALIZED "\n", out);
	assert_string_equal(out, "");
	say(io, PING "\n", out);
	assert_string_equal(out, PONG);
	say(io, CALL("echo") "\n", out);
	assert_non_null(strstr(out, "\"text\":\"hi\""));
	struct mcpsess_stdio *other = connect_to(&site, "uid:1000");
	say(other, PING "\n", out);
	assert_non_null(strstr(out, REFUSED));
	mcpsess_stdio_destroy(other);
	assert_int_equal(site_count(&site), 1);
	mcpsess_stdio_destroy(io);
	assert_int_equal(site_count(&site), 0);
	mcpsess_stdio_destroy(NULL);
	site_close(&site);
}

#define CONVERSATION \
	INITIALIZE "\n" INITIALIZED "\r\n\r\n\n" PING \
		   "\r\n" CALL("lines") "\n{\n\xff\xfe\n" CALL("none") "\n" PING

static void answers_are_the_same_however_the_bytes_were_cut(void **state)
{
	(void)state;
	static const char expected[] = PONG
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{  \"a\":  1 }}\n"
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse "
		"error\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse "
		"error\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32602,\"message\":\"Unknown "
		"tool: \\r\\n\\\"x\\\"\"}}\n" PONG;
	size_t len = strlen(CONVERSATION);
	struct site site;
	site_open(&site, "memory:", plain, usual);
	for (size_t piece = 1; piece <= len; piece++) {
		char out[8192] = "";
		struct mcpsess_stdio *io = connect_to(&site, "");
		for (size_t at = 0; at < len; at += piece) {
			size_t some = len - at < piece ? len - at : piece;
			assert_int_equal(
				mcpsess_stdio_feed(io, mcpsess_mem(&CONVERSATION[at], some)),
				MCPSESS_OK);
			drain(io, out);
		}
		assert_int_equal(mcpsess_stdio_finish(io), MCPSESS_OK);
		drain(io, out);
		assert_string_equal(strchr(out, '\n') + 1, expected);
		mcpsess_stdio_destroy(io);
		assert_int_equal(site_count(&site), 0);
	}
	site_close(&site);
}

static void bytes_may_come_while_a_message_is_handled(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "");
	say(io, INITIALIZE "\n", out);
	mcpsess_stdio_feed(io, mcpsess_str(CALL("echo") "\n"));
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_DISPATCH);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(mcpsess_stdio_feed(io, mcpsess_str(PING "\n")), MCPSESS_OK);
	}
	assert_int_equal(site_host(mcpsess_stdio_message(io)), MCPSESS_REPLY);
	struct mcpsess_bytes output = mcpsess_stdio_output(io);
	out[0] = '\0';
	strncat(out, output.data, output.len);
	assert_non_null(strstr(out, "\"name\":\"echo\",\"arguments\":{\"text\":\"hi\"}"));
	out[0] = '\0';
	drain(io, out);
	assert_int_equal(strlen(out), 100 * strlen(PONG));
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void a_line_above_the_limit_is_answered_once_after_its_end(void **state)
{
	(void)state;
	struct mcpsess_rpc_options small = { .max_message = 256 };
	struct site site;
	char out[8192], big[1000];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	site_open(&site, "memory:", plain, small);
	struct mcpsess_stdio *io = connect_to(&site, "");
	say(io, INITIALIZE "\n", out);
	for (int i = 0; i < 100; i++) {
		say(io, big, out);
		assert_string_equal(out, "");
	}
	say(io, "\n" PING "\n", out);
	assert_string_equal(out, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,"
				 "\"message\":\"Invalid Request: message too long\"}}\n" PONG);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_TOOBIG), 1);
	snprintf(big, sizeof(big), "%-256s\r\n", PING);
	say(io, big, out);
	assert_string_equal(out, PONG);
	snprintf(big, sizeof(big), "%-257s\n", PING);
	say(io, big, out);
	assert_non_null(strstr(out, REFUSED));
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void after_its_session_has_ended_initialize_begins_another(void **state)
{
	(void)state;
	struct site site;
	char out[8192];
	site_open(&site, "memory:?idle=60s", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "");
	say(io, INITIALIZE "\n", out);
	site.now_ms += 60001;
	say(io, PING "\n", out);
	assert_non_null(strstr(out, "\"id\":1"));
	assert_non_null(strstr(out, REFUSED));
	/* A notification is never answered, not even with the news. */
	say(io, INITIALIZED "\n", out);
	assert_string_equal(out, "");
	say(io, INITIALIZE "\n" PING "\n", out);
	assert_non_null(strstr(out, PONG));
	assert_int_equal(site_count(&site), 1);
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void a_message_that_was_not_finished_is_dropped(void **state)
{
	(void)state;
	struct site site;
	char out[8192];
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "");
	say(io, INITIALIZE "\n", out);
	mcpsess_stdio_feed(io, mcpsess_str(CALL("echo") "\n" PING "\n" CALL("echo") "\n"));
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_REPLY);
	struct mcpsess_bytes output = mcpsess_stdio_output(io);
	assert_true(mcpsess_bytes_equal(output, mcpsess_str(PONG)));
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_DISPATCH);
	mcpsess_stdio_destroy(io);
	assert_int_equal(site_count(&site), 0);
	site_close(&site);
}

static void after_the_end_nothing_more_is_taken(void **state)
{
	(void)state;
	struct site site;
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "");
	assert_int_equal(mcpsess_stdio_finish(io), MCPSESS_OK);
	assert_int_equal(mcpsess_stdio_feed(io, mcpsess_str(PING)), MCPSESS_E_INVALID);
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_STDIO_IDLE);
	mcpsess_stdio_destroy(io);
	struct mcpsess_stdio *none = NULL;
	struct mcpsess_error err;
	assert_int_equal(
		mcpsess_stdio_create(NULL, nothing, nothing, &none, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "rpc"));
	site_close(&site);
}

/* -- a store that pends ---------------------------------------------------------------------- */

static void note_ready(void *user_data, struct mcpsess_stdio *io, enum mcpsess_verdict verdict)
{
	(void)io;
	*(int *)user_data = (int)verdict;
}

static void a_connection_waits_for_its_store(void **state)
{
	(void)state;
	struct site site;
	int verdict = -2;
	moody_reset();
	site_open(&site, "moody:", plain, usual);
	struct mcpsess_stdio *io = connect_to(&site, "");
	mcpsess_stdio_on_ready(io, note_ready, &verdict);
	mood.pends = 1;
	mcpsess_stdio_feed(io, mcpsess_str(INITIALIZE "\n" CALL("echo") "\n" PING "\n"));
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_WAIT);
	assert_null(mcpsess_stdio_message(io));
	mcp_session_store_dispatch(site.store);
	assert_int_equal(verdict, MCPSESS_REPLY);
	assert_true(mcpsess_stdio_output(io).len > 0);

	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_WAIT);
	assert_int_equal(mcpsess_stdio_feed(io, mcpsess_str(PING "\n")), MCPSESS_OK);
	mcp_session_store_dispatch(site.store);
	assert_int_equal(verdict, MCPSESS_DISPATCH);
	mood.pends = 0;
	assert_int_equal(site_host(mcpsess_stdio_message(io)), MCPSESS_REPLY);
	assert_true(mcpsess_stdio_output(io).len > 0);

	/* Closed in the middle of a wait. */
	mood.pends = 1;
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_WAIT);
	mood.pends = 0;
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

/* -- no memory ------------------------------------------------------------------------------- */

/* Fails the allocation number n after the start; 0 when it was never reached. */
static int converse(struct site *site, int n)
{
	struct mcpsess_stdio *io = NULL;
	char out[8192] = "";
	site->fail_at = site->allocations + n;
	int last = site->fail_at;
	if (mcpsess_stdio_create(site->rpc, nothing, mcpsess_str("p"), &io, NULL) == MCPSESS_OK) {
		struct mcpsess_bytes lines = mcpsess_str(INITIALIZE "\n" CALL("echo") "\n");
		if (mcpsess_stdio_feed(io, lines) != MCPSESS_OK) {
			assert_int_equal(mcpsess_stdio_feed(io, lines), MCPSESS_OK);
		}
		drain(io, out);
		/* Two requests, two answers, whatever they say. */
		const char *second = strchr(out, '\n');
		assert_non_null(second);
		assert_non_null(strchr(second + 1, '\n'));
	}
	int reached = site->allocations >= last;
	site->fail_at = 0;
	mcpsess_stdio_destroy(io);
	return reached;
}

static void without_memory_every_request_is_answered_and_nothing_leaks(void **state)
{
	(void)state;
	struct site site;
	int reached = 1;
	for (int n = 1; reached; n++) {
		site_open(&site, "memory:", plain, usual);
		reached = converse(&site, n);
		site_close(&site);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_a_session),
		cmocka_unit_test(answers_are_the_same_however_the_bytes_were_cut),
		cmocka_unit_test(bytes_may_come_while_a_message_is_handled),
		cmocka_unit_test(a_line_above_the_limit_is_answered_once_after_its_end),
		cmocka_unit_test(after_its_session_has_ended_initialize_begins_another),
		cmocka_unit_test(a_message_that_was_not_finished_is_dropped),
		cmocka_unit_test(after_the_end_nothing_more_is_taken),
		cmocka_unit_test(a_connection_waits_for_its_store),
		cmocka_unit_test(without_memory_every_request_is_answered_and_nothing_leaks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

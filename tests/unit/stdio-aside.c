/* stdio: what is done about other lines while a call runs. */
#include "moody.h"
#include "site.h"

#include <mcpsess/stdio.h>

static const struct mcpsess_http_options plain;
static const struct mcpsess_rpc_options usual;

#define PONG(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{}}\n"
#define ASK(id)  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}\n"
#define CANCEL(id) \
	"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" \
	"" id "}}\n"
#define ECHOED \
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"name\":\"echo\",\"arguments\":{\"text\":" \
	"\"hi\"}}}\n"

static void add(char *out, struct mcpsess_bytes bytes)
{
	strncat(out, bytes.len > 0 ? bytes.data : "", bytes.len);
}

static struct mcpsess_stdio *connect_to(struct site *site)
{
	const struct mcpsess_bytes nothing = { NULL, 0 };
	struct mcpsess_stdio *io = NULL;
	assert_int_equal(mcpsess_stdio_create(site->rpc, nothing, nothing, &io, NULL), MCPSESS_OK);
	return io;
}

/* Finish what is dispatched and go on to the end of what came, appending what is said. */
static void finish(struct mcpsess_stdio *io, char *out)
{
	int verdict = mcpsess_stdio_message(io) != NULL ? MCPSESS_DISPATCH : MCPSESS_REPLY;
	while (verdict != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			verdict = (int)site_host(mcpsess_stdio_message(io));
		}
		add(out, mcpsess_stdio_output(io));
		verdict = mcpsess_stdio_next(io);
	}
}

/* A connection with a session and a call under way, whose id is 2. */
static struct mcpsess_stdio *calling(struct site *site)
{
	struct mcpsess_stdio *io = connect_to(site);
	mcpsess_stdio_feed(io, mcpsess_str(INITIALIZE "\n" CALL("echo") "\n"));
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_REPLY);
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_DISPATCH);
	return io;
}

static void feed(struct mcpsess_stdio *io, const char *text)
{
	assert_int_equal(mcpsess_stdio_feed(io, mcpsess_str(text)), MCPSESS_OK);
}

static void count_cancelled(void *user_data, struct mcpsess_message *message)
{
	(void)message;
	++*(int *)user_data;
}

static void a_cancellation_meanwhile_stops_the_call_which_is_not_answered(void **state)
{
	(void)state;
	struct site site;
	int told = 0;
	char out[8192] = "";
	struct mcpsess_rpc_options telling = { .cancelled = count_cancelled, .user_data = &told };
	site_open(&site, "memory:", plain, telling);
	struct mcpsess_stdio *io = calling(&site);
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	feed(io, CANCEL("\"2\"") CANCEL("3") CANCEL("null") "{}\n");
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	assert_int_equal(mcpsess_message_cancelled(mcpsess_stdio_message(io)), 0);
	feed(io, CANCEL("2") CANCEL("2"));
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	assert_int_equal(mcpsess_message_cancelled(mcpsess_stdio_message(io)), 1);
	assert_int_equal(told, 1);
	assert_int_equal(site_host(mcpsess_stdio_message(io)), MCPSESS_REPLY);
	assert_int_equal(mcpsess_stdio_output(io).len, 0);
	feed(io, ASK("1"));
	finish(io, out);
	assert_non_null(strstr(out, "\"code\":-32600"));
	assert_string_equal(strchr(out, '\n') + 1, PONG("1"));
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void nothing_is_taken_aside_unless_a_call_of_a_session_runs(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	struct mcpsess_rpc_options optional = { .policy = MCPSESS_SESSION_OPTIONAL };
	site_open(&site, "memory:", plain, optional);
	struct mcpsess_stdio *io = connect_to(&site);
	feed(io, CALL("echo") "\n" INITIALIZE "\n" ASK("1") ASK("3"));
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	assert_int_equal(mcpsess_stdio_next(io), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	assert_int_equal(site_host(mcpsess_stdio_message(io)), MCPSESS_REPLY);
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	finish(io, out);
	assert_memory_equal(out, ECHOED, strlen(ECHOED));
	assert_non_null(strstr(out, PONG("1") PONG("3")));
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

/* What is not urgent, with what is between and behind. */
#define MEANWHILE \
	INITIALIZED "\n{\n" ASK("\"a \\u00e9\"") "\r\n" CALL("lines") "\n" CANCEL( \
		"7") "[" PING "]\n" ASK("1.50") CALL("none") "\n" ASK("4")

static void other_lines_keep_their_order_however_the_bytes_were_cut(void **state)
{
	(void)state;
	static const char now[] = PONG("\"a \\u00e9\"") PONG("1.50") PONG("4");
	static const char later[] = ECHOED
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse "
		"error\"}}\n{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{  \"a\":  1 }}\n"
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid "
		"Request: batches are of 2025-03-26 only\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32602,\"message\":\"Unknown "
		"tool: \\r\\n\\\"x\\\"\"}}\n";
	size_t len = strlen(MEANWHILE);
	struct site site;
	site_open(&site, "memory:", plain, usual);
	for (size_t piece = 1; piece <= len; piece++) {
		char aside[8192] = "", out[8192] = "";
		struct mcpsess_stdio *io = calling(&site);
		for (size_t at = 0; at < len; at += piece) {
			size_t some = len - at < piece ? len - at : piece;
			assert_int_equal(mcpsess_stdio_feed(io, mcpsess_mem(&MEANWHILE[at], some)),
				MCPSESS_OK);
			add(aside, mcpsess_stdio_aside(io));
		}
		finish(io, out);
		assert_string_equal(aside, now);
		assert_string_equal(out, later);
		mcpsess_stdio_destroy(io);
	}
	site_close(&site);
}

static void the_last_line_needs_no_newline_here_either(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = calling(&site);
	feed(io, PING);
	assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	mcpsess_stdio_finish(io);
	add(out, mcpsess_stdio_aside(io));
	assert_string_equal(out, PONG("1"));
	out[0] = '\0';
	finish(io, out);
	assert_string_equal(out, ECHOED);
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void a_line_above_the_limit_waits_for_its_turn(void **state)
{
	(void)state;
	struct mcpsess_rpc_options small = { .max_message = 256 };
	struct site site;
	char out[8192] = "", big[1002], *at = big;
	site_open(&site, "memory:", plain, small);
	struct mcpsess_stdio *io = calling(&site);
	snprintf(big, sizeof(big), "%-1000s\n", PING);
	while (*at != '\0') {
		assert_int_equal(mcpsess_stdio_feed(io, mcpsess_mem(at++, 1)), MCPSESS_OK);
		assert_int_equal(mcpsess_stdio_aside(io).len, 0);
	}
	feed(io, ASK("5"));
	add(out, mcpsess_stdio_aside(io));
	assert_string_equal(out, PONG("5"));
	out[0] = '\0';
	finish(io, out);
	assert_string_equal(out,
		ECHOED "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"Invalid "
		       "Request: message too long\"}}\n");
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_TOOBIG), 1);
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void a_flood_of_pings_is_answered_and_not_kept(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_stdio *io = calling(&site);
	feed(io, ASK("1"));
	mcpsess_stdio_aside(io);
	int before = site.allocations;
	for (int i = 0; i < 10000; i++) {
		feed(io, ASK("1"));
		struct mcpsess_bytes pong = mcpsess_stdio_aside(io);
		assert_true(mcpsess_bytes_equal(pong, mcpsess_str(PONG("1"))));
	}
	/* One message each, its reply, and no line that grows. */
	assert_true(site.allocations - before <= 20010);
	finish(io, out);
	assert_string_equal(out, ECHOED);
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void a_session_that_ended_meanwhile_is_news_for_the_ping(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	site_open(&site, "memory:?idle=60s", plain, usual);
	struct mcpsess_stdio *io = calling(&site);
	site.now_ms += 60001;
	feed(io, ASK("1") ASK("3"));
	add(out, mcpsess_stdio_aside(io));
	assert_non_null(strstr(out, "\"id\":1,\"error\":{\"code\":-32600"));
	assert_null(strstr(out, "\"id\":3"));
	out[0] = '\0';
	finish(io, out);
	assert_non_null(strstr(out, "\"id\":3,\"error\":{\"code\":-32600"));
	out[0] = '\0';
	feed(io, INITIALIZE "\n" ASK("1"));
	finish(io, out);
	assert_non_null(strstr(out, PONG("1")));
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

static void on_a_store_that_pends_it_blocks(void **state)
{
	(void)state;
	struct site site;
	char out[8192] = "";
	moody_reset();
	site_open(&site, "moody:", plain, usual);
	struct mcpsess_stdio *io = calling(&site);
	mood.pends = 1;
	feed(io, ASK("1") CANCEL("2"));
	add(out, mcpsess_stdio_aside(io));
	mood.pends = 0;
	assert_string_equal(out, PONG("1"));
	assert_int_equal(mcpsess_message_cancelled(mcpsess_stdio_message(io)), 1);
	mcpsess_stdio_destroy(io);
	site_close(&site);
}

/* Fails the allocation number n after the start; 0 when it was never reached. */
static int converse(struct site *site, int n)
{
	char out[8192] = "";
	struct mcpsess_stdio *io = calling(site);
	site->fail_at = site->allocations + n;
	int last = site->fail_at;
	struct mcpsess_bytes lines =
		mcpsess_str(ASK("\"a\"") CALL("lines") "\n" ASK("\"b\"") CANCEL("2"));
	if (mcpsess_stdio_feed(io, lines) != MCPSESS_OK) {
		assert_int_equal(mcpsess_stdio_feed(io, lines), MCPSESS_OK);
	}
	add(out, mcpsess_stdio_aside(io));
	add(out, mcpsess_stdio_aside(io));
	int reached = site->allocations >= last;
	site->fail_at = 0;
	/* Whenever memory comes back, nobody is forgotten and nobody told twice. */
	assert_string_equal(out, PONG("\"a\"") PONG("\"b\""));
	assert_int_equal(mcpsess_message_cancelled(mcpsess_stdio_message(io)), 1);
	out[0] = '\0';
	finish(io, out);
	assert_string_equal(out, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{  \"a\":  1 }}\n");
	mcpsess_stdio_destroy(io);
	return reached;
}

static void what_found_no_memory_is_looked_at_again(void **state)
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
		cmocka_unit_test(a_cancellation_meanwhile_stops_the_call_which_is_not_answered),
		cmocka_unit_test(nothing_is_taken_aside_unless_a_call_of_a_session_runs),
		cmocka_unit_test(other_lines_keep_their_order_however_the_bytes_were_cut),
		cmocka_unit_test(the_last_line_needs_no_newline_here_either),
		cmocka_unit_test(a_line_above_the_limit_waits_for_its_turn),
		cmocka_unit_test(a_flood_of_pings_is_answered_and_not_kept),
		cmocka_unit_test(a_session_that_ended_meanwhile_is_news_for_the_ping),
		cmocka_unit_test(on_a_store_that_pends_it_blocks),
		cmocka_unit_test(what_found_no_memory_is_looked_at_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

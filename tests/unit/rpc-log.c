/* What the session layer tells its log. */
#include "rpc-kit.h"

/* The lines of a log, a newline after each. */
static void keep_line(void *user_data, enum mcpsess_log_level level, const char *line)
{
	char *lines = user_data;
	size_t len = strlen(lines);
	snprintf(lines + len, 4096 - len, "%s %s\n", mcpsess_log_level_name(level), line);
}

static void debug_shows_every_message_on_a_line(void **state)
{
	(void)state;
	char lines[4096] = "", id[MCPSESS_ID_MAX + 1];
	struct mcpsess_hooks hooks = { .size = sizeof(hooks),
		.user_data = lines,
		.log = keep_line,
		.log_level = MCPSESS_LOG_DEBUG };
	struct answer answer;
	struct kit kit;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .hooks = &hooks });
	kit_session(&kit, "2025-06-18", "", id);
	kit_send(&kit, CALL("1", "get"), id, "", &answer);
	assert_non_null(strstr(lines, ": request tools/call get\n"));
	assert_non_null(strstr(lines, ": notification notifications/initialized \n"));
	assert_null(strstr(lines, id));
	kit_send(&kit, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\\nerror \\u001b[\"}", id, "",
		&answer);
	assert_non_null(strstr(lines, ": request a?error??[ \n"));
	kit_close(&kit);

	/* Nobody who did not ask for it is shown what clients do. */
	hooks.log_level = MCPSESS_LOG_INFO;
	lines[0] = '\0';
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .hooks = &hooks });
	kit_session(&kit, "2025-06-18", "", id);
	kit_send(&kit, CALL("1", "get"), id, "", &answer);
	assert_null(strstr(lines, "tools/call"));
	kit_close(&kit);
}

static void a_refusal_is_logged_without_saying_it_twice(void **state)
{
	(void)state;
	char lines[4096] = "", id[MCPSESS_ID_MAX + 1];
	struct mcpsess_hooks hooks = { .size = sizeof(hooks),
		.user_data = lines,
		.log = keep_line,
		.log_level = MCPSESS_LOG_INFO };
	struct answer answer;
	struct kit kit;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .hooks = &hooks });
	kit_session(&kit, "2025-06-18", "", id);
	lines[0] = '\0';
	kit_send(&kit, CALL("1", "get"), "an-id-of-a-fitting-length-that-nobody-made", "", &answer);
	assert_non_null(strstr(lines, "message refused: no such session: session "));
	assert_null(strstr(strstr(lines, ": session "), "no such session"));
	lines[0] = '\0';
	kit_send(&kit, CALL("1", "get"), "short", "", &answer);
	assert_non_null(strstr(lines, ": not an id of a session\n"));
	kit_close(&kit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(debug_shows_every_message_on_a_line),
		cmocka_unit_test(a_refusal_is_logged_without_saying_it_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A store driven from standard input, a verb a line, so that scripts can break what is behind it:
 *
 *   redis-drive MODULE_DIR URI
 *   create NAME PAYLOAD | update NAME REVISION PAYLOAD | get NAME | touch NAME | exists NAME |
 *   delete NAME | list | as OWNER | operation WORD | idle MS
 *
 * The last three stay set; "operation -" unsets the token.
 *
 * Answers a line to each verb: status, revision, milliseconds it took, payload, text; by tabs.
 */
#include <mcpsess/store.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef int verb_function(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

static const struct {
	const char *name;
	verb_function *run;
} verbs[] = {
	{ "create", mcp_session_store_store },
	{ "update", mcp_session_store_store },
	{ "get", mcp_session_store_get },
	{ "touch", mcp_session_store_touch },
	{ "exists", mcp_session_store_exists },
	{ "delete", mcp_session_store_delete },
	{ "list", mcp_session_store_list },
};

static uint64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void run(struct mcp_session_store *store, verb_function *verb,
	const struct mcp_session_store_request *request)
{
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err = { 0 };
	uint64_t start_us = now_us();
	int status = verb(store, request, &answer, &err);
	double ms = (double)(now_us() - start_us) / 1000;
	printf("%s\t%" PRIu64 "\t%.1f\t%.*s\t%s\n", mcpsess_status_name(status), answer.revision,
		ms, (int)answer.payload.len,
		answer.payload.len > 0 ? (const char *)answer.payload.data : "",
		status < 0 ? err.text : "");
	mcp_session_store_answer_clear(&answer);
}

/* One line; what is set stays set. */
static void take(
	struct mcp_session_store *store, struct mcp_session_store_request *request, char *line)
{
	const char *word = strtok(line, " \n");
	const char *name = strtok(NULL, " \n");
	if (word == NULL) {
		return;
	}
	if (strcmp(word, "as") == 0) {
		mcp_session_store_owner(mcpsess_str(""), mcpsess_str(name), &request->owner);
		return;
	}
	if (strcmp(word, "operation") == 0 && name != NULL) {
		size_t len = strcmp(name, "-") != 0 ? strnlen(name, 16) : 0;
		memset(request->operation, 0, sizeof(request->operation));
		memcpy(request->operation, name, len);
		return;
	}
	if (strcmp(word, "idle") == 0 && name != NULL) {
		request->idle_ms = strtoull(name, NULL, 10);
		return;
	}
	const char *number = strcmp(word, "update") == 0 ? strtok(NULL, " \n") : NULL;
	const char *payload = strtok(NULL, "\n");
	mcp_session_store_key(mcpsess_str(""), mcpsess_str(name), &request->key);
	request->revision = number != NULL ? strtoull(number, NULL, 10) : 0;
	request->payload = mcpsess_str(payload);
	request->state = MCP_SESSION_STORE_ACTIVE;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(word, verbs[i].name) == 0) {
			run(store, verbs[i].run, request);
		}
	}
}

int main(int argc, char **argv)
{
	static char line[1 << 20];
	struct mcp_session_store_options options = { .size = sizeof(options) };
	struct mcp_session_store_request request = { 0 };
	struct mcp_session_store *store;
	struct mcpsess_error err;
	if (argc != 3) {
		return 2;
	}
	options.module_dir = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	int r = mcp_session_store_open(argv[2], &options, &store, &err);
	if (r < 0) {
		printf("%s\t0\t0\t\t%s\n", mcpsess_status_name(r), err.text);
		return 1;
	}
	puts("open");
	while (fgets(line, sizeof(line), stdin) != NULL) {
		take(store, &request, line);
	}
	mcp_session_store_close(store);
	return 0;
}

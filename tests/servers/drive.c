/*
 * A store driven from standard input, a verb a line, so that scripts can break what is behind it:
 *
 *   store-drive MODULE_DIR URI
 *   create NAME PAYLOAD | update NAME REVISION PAYLOAD | get NAME | touch NAME | exists NAME |
 *   delete NAME | list | rotate NAME NEW | end_owner | once NAME | ping | stats |
 *   together get|touch|exists|delete NAME... |
 *   as OWNER | any 0|1 | count 0|1 | touching 0|1 | operation WORD | idle MS | grace MS
 *
 * Those of the last line stay set; "operation -" unsets the token, "as -" the owner.
 *
 * Answers a line to each verb: status, revision, milliseconds it took, payload or number of
 * entries or, by spaces, sessions, tombstones, bytes and expired, text; by tabs. "together" sends
 * its verbs at once, behind an exists of the first name; NAME@OWNER is of another owner, NAME@ of
 * nobody.
 */
#include <mcpsess/store.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef int verb_function(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/* All pages. */
static int list(struct mcp_session_store *store, const struct mcp_session_store_request *request,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	struct mcp_session_store_request page = *request;
	size_t count = 0;
	int status;
	page.cursor[0] = '\0';
	do {
		status = mcp_session_store_list(store, &page, answer, err);
		count += answer->entry_count;
		memcpy(page.cursor, answer->cursor, sizeof(page.cursor));
	} while (status == MCPSESS_OK && page.cursor[0] != '\0');
	answer->entry_count = count;
	return status;
}

static struct mcp_session_store_counts counted;

static int stats(struct mcp_session_store *store, const struct mcp_session_store_request *request,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	(void)request;
	(void)answer;
	(void)err;
	return mcp_session_store_stats(store, &counted);
}

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
	{ "list", list },
	{ "rotate", mcp_session_store_rotate },
	{ "end_owner", mcp_session_store_end_owner },
	{ "once", mcp_session_store_once },
	{ "ping", mcp_session_store_ping },
	{ "stats", stats },
};

static uint64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static void tell(int status, const struct mcp_session_store_answer *answer, double ms)
{
	printf("%s\t%" PRIu64 "\t%.1f\t", mcpsess_status_name(status), answer->revision, ms);
	fwrite(answer->payload.data != NULL ? answer->payload.data : "", 1, answer->payload.len,
		stdout);
}

/* -- several verbs in one go ------------------------------------------------------------------ */

enum { TOGETHER_MAX = 64 };

struct together {
	struct mcp_session_store *store;
	struct mcp_session_store_call calls[TOGETHER_MAX];
	size_t count, over;
	int (*verb)(struct mcp_session_store *store, struct mcp_session_store_call *call);
};

static void end_one(struct mcp_session_store_call *call, int status)
{
	struct together *all = call->user_data;
	call->status = status;
	all->over++;
}

/* What is begun within one dispatch is sent in one go. */
static void begin_all(struct mcp_session_store_call *call, int status)
{
	struct together *all = call->user_data;
	(void)status;
	for (size_t i = 0; i < all->count; i++) {
		struct mcp_session_store_call *one = &all->calls[i];
		int r = all->verb(all->store, one);
		if (r != MCPSESS_PENDING) {
			end_one(one, r);
		}
	}
}

static void together(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, char *words)
{
	static struct together all;
	struct mcp_session_store_call first = {
		.request = *request, .done = begin_all, .user_data = &all
	};
	memset(&all, 0, sizeof(all));
	all.store = store;
	const char *verb = strtok(words, " \n");
	all.verb = strcmp(verb, "touch") == 0    ? mcp_session_store_touch_async
		   : strcmp(verb, "exists") == 0 ? mcp_session_store_exists_async
		   : strcmp(verb, "delete") == 0 ? mcp_session_store_delete_async
						 : mcp_session_store_get_async;
	for (char *name = strtok(NULL, " \n"); name != NULL && all.count < TOGETHER_MAX;
		name = strtok(NULL, " \n")) {
		struct mcp_session_store_call *one = &all.calls[all.count++];
		*one = (struct mcp_session_store_call){
			.request = *request, .done = end_one, .user_data = &all
		};
		char *owner = strchr(name, '@');
		if (owner != NULL) {
			*owner++ = '\0';
			mcp_session_store_owner(
				mcpsess_str(""), mcpsess_str(owner), &one->request.owner);
		}
		mcp_session_store_key(mcpsess_str(""), mcpsess_str(name), &one->request.key);
	}
	first.request.key = all.calls[0].request.key;
	if (mcp_session_store_exists_async(store, &first) != MCPSESS_PENDING) {
		begin_all(&first, MCPSESS_OK);
	}
	while (all.over < all.count) {
		struct pollfd fd = { mcp_session_store_fd(store), POLLIN, 0 };
		poll(&fd, 1, -1);
		mcp_session_store_dispatch(store);
	}
	for (size_t i = 0; i < all.count; i++) {
		tell(all.calls[i].status, &all.calls[i].answer, 0);
		printf("\t%s\n", all.calls[i].status < 0 ? all.calls[i].error.text : "");
		mcp_session_store_answer_clear(&all.calls[i].answer);
	}
	mcp_session_store_answer_clear(&first.answer);
}

/* -- one -------------------------------------------------------------------------------------- */

static void run(struct mcp_session_store *store, verb_function *verb,
	const struct mcp_session_store_request *request)
{
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err = { 0 };
	uint64_t start_us = now_us();
	int status = verb(store, request, &answer, &err);
	double ms = (double)(now_us() - start_us) / 1000;
	tell(status, &answer, ms);
	if (verb == list) {
		printf("%zu", answer.entry_count);
	} else if (verb == stats) {
		printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, counted.sessions,
			counted.tombstones, counted.bytes, counted.expired);
	}
	printf("\t%s\n", status < 0 ? err.text : "");
	mcp_session_store_answer_clear(&answer);
}

static const struct {
	const char *word;
	uint32_t flag;
} flags[] = {
	{ "any", MCP_SESSION_STORE_ANY_OWNER },
	{ "count", MCP_SESSION_STORE_COUNT },
	{ "touching", MCP_SESSION_STORE_TOUCH },
};

static int set_flag(struct mcp_session_store_request *request, const char *word, const char *value)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(word, flags[i].word) == 0) {
			request->flags &= ~flags[i].flag;
			request->flags |= value[0] == '1' ? flags[i].flag : 0;
			return 1;
		}
	}
	return 0;
}

/* What stays set; whether the line was of that. */
static int set(struct mcp_session_store_request *request, const char *word, const char *value)
{
	int none = strcmp(value, "-") == 0;
	if (strcmp(word, "as") == 0) {
		mcp_session_store_owner(
			mcpsess_str(""), mcpsess_str(none ? "" : value), &request->owner);
	} else if (strcmp(word, "operation") == 0) {
		memset(request->operation, 0, sizeof(request->operation));
		memcpy(request->operation, value, none ? 0 : strnlen(value, 16));
	} else if (strcmp(word, "idle") == 0) {
		request->idle_ms = strtoull(value, NULL, 10);
	} else if (strcmp(word, "grace") == 0) {
		request->grace_ms = strtoull(value, NULL, 10);
	} else {
		return set_flag(request, word, value);
	}
	return 1;
}

static void take(
	struct mcp_session_store *store, struct mcp_session_store_request *request, char *line)
{
	if (strncmp(line, "together ", 9) == 0) {
		together(store, request, line + 9);
		return;
	}
	const char *word = strtok(line, " \n");
	const char *name = strtok(NULL, " \n");
	if (word == NULL || (name != NULL && set(request, word, name))) {
		return;
	}
	const char *number = strcmp(word, "update") == 0 ? strtok(NULL, " \n") : NULL;
	const char *payload = strtok(NULL, "\n");
	mcp_session_store_key(mcpsess_str(""), mcpsess_str(name), &request->key);
	mcp_session_store_key(mcpsess_str(""), mcpsess_str(payload), &request->new_key);
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

/*
 * Every allocation of a store fails once: store-oom MODULE_DIR URI. Verbs then end typed, nothing
 * crashes or leaks, and the store works again as soon as there is memory.
 */
#include <mcpsess/store.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct memory {
	unsigned long count, fails_at, held;
};

static void *reallocate(void *user_data, void *ptr, size_t size)
{
	struct memory *memory = user_data;
	if (size == 0) {
		memory->held -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (++memory->count == memory->fails_at) {
		return NULL;
	}
	void *got = realloc(ptr, size);
	memory->held += got != NULL && ptr == NULL;
	return got;
}

static int is_typed(int status)
{
	return status == MCPSESS_OK || status == MCPSESS_E_NOMEM || status == MCPSESS_E_EXISTS ||
	       status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_UNKNOWN ||
	       status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_REVOKED;
}

/* -- reads that meet -------------------------------------------------------------------------- */

enum { READS = 3 };

struct meeting {
	struct mcp_session_store *store;
	struct mcp_session_store_call calls[READS];
	int over, good;
};

static void end_one(struct mcp_session_store_call *call, int status)
{
	struct meeting *meeting = call->user_data;
	meeting->over++;
	meeting->good &= is_typed(status);
	mcp_session_store_answer_clear(&call->answer);
}

/* What is begun within a dispatch is sent in one go. */
static void begin_all(struct mcp_session_store_call *call, int status)
{
	struct meeting *meeting = call->user_data;
	meeting->good = is_typed(status);
	for (int i = 0; i < READS; i++) {
		struct mcp_session_store_call *one = &meeting->calls[i];
		one->request = call->request;
		one->done = end_one;
		one->user_data = meeting;
		int r = mcp_session_store_get_async(meeting->store, one);
		if (r != MCPSESS_PENDING) {
			end_one(one, r);
		}
	}
}

static int meet(struct mcp_session_store *store, const struct mcp_session_store_request *request)
{
	struct meeting meeting = { .store = store };
	struct mcp_session_store_call first = {
		.request = *request, .done = begin_all, .user_data = &meeting
	};
	struct pollfd fd = { mcp_session_store_fd(store), POLLIN, 0 };
	if (fd.fd < 0) {
		return 1;
	}
	int r = mcp_session_store_exists_async(store, &first);
	if (r != MCPSESS_PENDING) {
		begin_all(&first, r);
	}
	while (meeting.over < READS) {
		poll(&fd, 1, 1000);
		mcp_session_store_dispatch(store);
	}
	mcp_session_store_answer_clear(&first.answer);
	return meeting.good;
}

/* -- the rest --------------------------------------------------------------------------------- */

/* 0 when a verb ended as it must not. */
static int use(struct mcp_session_store *store, struct mcp_session_store_request *request)
{
	struct mcp_session_store_answer answer = { 0 };
	int good = is_typed(mcp_session_store_store(store, request, &answer, NULL));
	good &= is_typed(mcp_session_store_get(store, request, &answer, NULL));
	good &= meet(store, request);
	good &= is_typed(mcp_session_store_list(store, request, &answer, NULL));
	good &= is_typed(mcp_session_store_delete(store, request, &answer, NULL));
	mcp_session_store_answer_clear(&answer);
	return good;
}

/* One run; *more is 0 when it had no allocation left to fail. */
static const char *run(const char *module_dir, const char *uri, unsigned long at, int *more)
{
	static char payload[20000];
	struct memory memory = { .fails_at = at };
	const struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = &memory, .realloc = reallocate
	};
	const struct mcp_session_store_options options = {
		.size = sizeof(options), .module_dir = module_dir, .hooks = &hooks
	};
	struct mcp_session_store_request request = { .state = MCP_SESSION_STORE_ACTIVE };
	struct mcp_session_store *store;
	const char *problem = NULL;
	memcpy(request.key.bytes, &at, sizeof(at));
	request.owner.bytes[0] = 1;
	request.payload = mcpsess_mem(payload, sizeof(payload));
	int r = mcp_session_store_open(uri, &options, &store, NULL);
	if (r == MCPSESS_OK) {
		problem = use(store, &request) ? NULL : "a verb ends as it must not";
		mcp_session_store_close(store);
	} else if (r != MCPSESS_E_NOMEM) {
		problem = "opening fails as it must not";
	}
	*more = memory.count >= at;
	return problem == NULL && memory.held > 0 ? "memory is left behind" : problem;
}

int main(int argc, char **argv)
{
	int more = 1;
	unsigned long at = 0;
	while (argc == 3 && more) {
		const char *problem = run(argv[1], argv[2], ++at, &more);
		if (problem != NULL) {
			printf("FAIL without allocation %lu: %s\n", at, problem);
			return 1;
		}
	}
	printf("%s each of %lu allocations may fail\n", at > 5 ? "ok" : "FAIL", at - 1);
	return at > 5 ? 0 : 1;
}

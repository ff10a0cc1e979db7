#include "kit.h"

#include <poll.h>
#include <time.h>
#include <stdarg.h>

/* As long as a verb may take on a loaded machine; only a store that hangs meets it. */
enum { PATIENCE_MS = 20000 };

struct mcpsess_kit_memory {
	struct mcpsess_kit_memory *next;
	max_align_t data[];
};

static int (*const blocking_verbs[])(struct mcp_session_store *,
	const struct mcp_session_store_request *, struct mcp_session_store_answer *,
	struct mcpsess_error *) = {
	mcp_session_store_store,
	mcp_session_store_get,
	mcp_session_store_touch,
	mcp_session_store_delete,
	mcp_session_store_exists,
	mcp_session_store_list,
	mcp_session_store_rotate,
	mcp_session_store_end_owner,
	mcp_session_store_once,
	mcp_session_store_ping,
};

static int (*const pool_verbs[])(struct mcp_session_store_pool *,
	const struct mcp_session_store_request *, struct mcp_session_store_answer *,
	struct mcpsess_error *) = {
	mcp_session_store_pool_store,
	mcp_session_store_pool_get,
	mcp_session_store_pool_touch,
	mcp_session_store_pool_delete,
	mcp_session_store_pool_exists,
	mcp_session_store_pool_list,
	mcp_session_store_pool_rotate,
	mcp_session_store_pool_end_owner,
	mcp_session_store_pool_once,
	mcp_session_store_pool_ping,
};

static int (*const async_verbs[])(struct mcp_session_store *, struct mcp_session_store_call *) = {
	mcp_session_store_store_async,
	mcp_session_store_get_async,
	mcp_session_store_touch_async,
	mcp_session_store_delete_async,
	mcp_session_store_exists_async,
	mcp_session_store_list_async,
	mcp_session_store_rotate_async,
	mcp_session_store_end_owner_async,
	mcp_session_store_once_async,
	mcp_session_store_ping_async,
};

static const char *const verb_names[] = { "store", "get", "touch", "delete", "exists", "list",
	"rotate", "end_owner", "once", "ping" };

/* Whose answer is about a live record. */
static const uint32_t of_records =
	1u << KIT_STORE | 1u << KIT_GET | 1u << KIT_TOUCH | 1u << KIT_EXISTS | 1u << KIT_ROTATE;

/* -- actors --------------------------------------------------------------------------------- */

void mcpsess_kit_join(struct mcpsess_kit *kit, const struct mcpsess_kit *first, unsigned index)
{
	memset(kit, 0, sizeof(*kit));
	kit->run = first->run;
	kit->its_case = first->its_case;
	kit->mode = first->mode;
	kit->store = first->store;
	kit->pool = first->pool;
	kit->settings = first->settings;
	kit->margin_ms = first->margin_ms;
	kit->random = kit->run->options.seed * 1000003u + index + 1;
}

void mcpsess_kit_leave(struct mcpsess_kit *kit)
{
	mcp_session_store_answer_clear(&kit->answer);
	for (unsigned i = 0; i < kit->kept_count; i++) {
		mcp_session_store_answer_clear(&kit->kept[i]);
	}
	kit->kept_count = 0;
	while (kit->memory != NULL) {
		struct mcpsess_kit_memory *memory = kit->memory;
		kit->memory = memory->next;
		free(memory);
	}
}

struct mcp_session_store_answer *mcpsess_kit_keep(struct mcpsess_kit *kit)
{
	struct mcp_session_store_answer *kept = &kit->kept[kit->kept_count % KIT_KEPT_MAX];
	if (kit->kept_count < KIT_KEPT_MAX) {
		kit->kept_count++;
	}
	mcp_session_store_answer_clear(kept);
	*kept = kit->answer;
	memset(&kit->answer, 0, sizeof(kit->answer));
	return kept;
}

void *mcpsess_kit_alloc(struct mcpsess_kit *kit, size_t size)
{
	struct mcpsess_kit_memory *memory = calloc(1, sizeof(*memory) + size);
	if (memory == NULL) {
		abort();
	}
	memory->next = kit->memory;
	kit->memory = memory;
	return memory->data;
}

/* -- names, random numbers, payloads ---------------------------------------------------------- */

static struct mcpsess_bytes next_name(struct mcpsess_kit *kit, char text[32])
{
	unsigned long long number = atomic_fetch_add(&kit->run->names, 1);
	snprintf(text, 32, "%llu", number);
	return mcpsess_str(text);
}

struct mcp_session_store_request mcpsess_kit_fresh(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask;
	char text[32];
	memset(&ask, 0, sizeof(ask));
	mcp_session_store_key(mcpsess_str(kit->run->tenant), next_name(kit, text), &ask.key);
	ask.owner = mcpsess_kit_owner(kit);
	ask.state = MCP_SESSION_STORE_ACTIVE;
	return ask;
}

struct mcpsess_digest mcpsess_kit_owner(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner;
	char text[32];
	mcp_session_store_owner(mcpsess_str(kit->run->tenant), next_name(kit, text), &owner);
	return owner;
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

uint64_t mcpsess_kit_random(struct mcpsess_kit *kit)
{
	return mix(kit->random++);
}

void mcpsess_kit_fill(void *out, size_t len, uint64_t seed)
{
	unsigned char *at = out;
	size_t head = len < sizeof(seed) ? len : sizeof(seed);
	memcpy(at, &seed, head);
	for (size_t i = head; i < len; i++) {
		at[i] = (unsigned char)(mix(seed) >> (i % 8 * 8)) ^ (unsigned char)(i >> 3);
	}
}

int mcpsess_kit_whole(struct mcpsess_bytes bytes, uint64_t *seed)
{
	const unsigned char *at = bytes.data;
	uint64_t found;
	if (bytes.len < sizeof(found)) {
		return 0;
	}
	memcpy(&found, at, sizeof(found));
	for (size_t i = sizeof(found); i < bytes.len; i++) {
		if (at[i] !=
			(unsigned char)((mix(found) >> (i % 8 * 8)) ^ (unsigned char)(i >> 3))) {
			return 0;
		}
	}
	*seed = found;
	return 1;
}

/* -- verbs ------------------------------------------------------------------------------------ */

static void call_over(struct mcp_session_store_call *call, int status)
{
	struct mcpsess_kit_call *self = call->user_data;
	self->over++;
	self->status = status;
	if (!self->kit->dispatching) {
		mcpsess_kit_fail(self->kit,
			"done() is called from dispatch and from nowhere else: it came "
			"from elsewhere");
	}
}

int mcpsess_kit_start(
	struct mcpsess_kit *kit, enum mcpsess_kit_verb verb, struct mcpsess_kit_call *call)
{
	call->kit = kit;
	call->over = 0;
	call->call.done = call_over;
	call->call.user_data = call;
	call->status = MCPSESS_PENDING;
	int status = async_verbs[verb](kit->store, &call->call);
	if (call->over != 0) {
		mcpsess_kit_fail(kit,
			"done() comes only after PENDING: %s called it and returned %s",
			verb_names[verb], mcpsess_status_name(status));
	}
	if (status == MCPSESS_PENDING && !(kit->run->can & MCP_SESSION_STORE_CAN_PEND)) {
		mcpsess_kit_fail(
			kit, "a store without CAN_PEND never pends: %s did", verb_names[verb]);
	}
	call->status = status;
	return status;
}

int mcpsess_kit_turn(struct mcpsess_kit *kit, int timeout_ms)
{
	struct pollfd ready = { .fd = mcp_session_store_fd(kit->store), .events = POLLIN };
	poll(&ready, 1, timeout_ms);
	kit->dispatching++;
	int done = mcp_session_store_dispatch(kit->store);
	kit->dispatching--;
	return done;
}

static uint64_t real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

int mcpsess_kit_finish(struct mcpsess_kit *kit, struct mcpsess_kit_call *call)
{
	uint64_t end_ms = real_ms() + PATIENCE_MS;
	while (call->status == MCPSESS_PENDING) {
		/* Others' ends are progress: many calls in flight share one connection. */
		if (mcpsess_kit_turn(kit, 100) > 0) {
			end_ms = real_ms() + PATIENCE_MS;
		} else if (real_ms() > end_ms) {
			mcpsess_kit_fail(kit,
				"a pending call ends, at the latest by its deadline: it did "
				"not");
			mcp_session_store_cancel(kit->store, &call->call);
			call->status = MCPSESS_E_UNKNOWN;
		}
	}
	return call->status;
}

static int dispatched(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err)
{
	struct mcpsess_kit_call call;
	memset(&call, 0, sizeof(call));
	call.call.request = *ask;
	int status = mcpsess_kit_start(kit, verb, &call);
	if (status == MCPSESS_PENDING) {
		status = mcpsess_kit_finish(kit, &call);
		if (call.over > 1) {
			mcpsess_kit_fail(
				kit, "done() is called once: it was called %u times", call.over);
		}
	}
	if (answer != NULL) {
		*answer = call.call.answer;
	} else {
		mcp_session_store_answer_clear(&call.call.answer);
	}
	if (err != NULL) {
		*err = call.call.error;
	}
	return status;
}

int mcpsess_kit_ask(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err)
{
	switch (kit->mode) {
	case KIT_BLOCKING:
		return blocking_verbs[verb](kit->store, ask, answer, err);
	case KIT_DISPATCH:
		return dispatched(kit, verb, ask, answer, err);
	default:
		return pool_verbs[verb](kit->pool, ask, answer, err);
	}
}

/* What holds for every answer about a live record. */
static void check_answer(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb)
{
	const struct mcp_session_store_answer *a = &kit->answer;
	const char *name = verb_names[verb];
	if (a->revision == 0) {
		mcpsess_kit_fail(kit, "%s answers the revision: it came as 0", name);
	} else if (a->now_ms == 0 || a->created_ms > a->now_ms || a->seen_ms < a->created_ms) {
		mcpsess_kit_fail(kit,
			"%s answers times in order: created %llu, seen %llu, now %llu came", name,
			(unsigned long long)a->created_ms, (unsigned long long)a->seen_ms,
			(unsigned long long)a->now_ms);
	} else if (a->deadline_ms != 0 && a->now_ms >= a->deadline_ms) {
		mcpsess_kit_fail(kit,
			"%s never serves a record past its deadline: it did, by %llu ms", name,
			(unsigned long long)(a->now_ms - a->deadline_ms));
	} else if (a->expires_ms != 0 && a->now_ms >= a->expires_ms + mcpsess_kit_slack(kit)) {
		mcpsess_kit_fail(kit, "%s never serves an expired record: it did, %llu ms late",
			name, (unsigned long long)(a->now_ms - a->expires_ms));
	} else if (a->deadline_ms != 0 && a->expires_ms > a->deadline_ms) {
		mcpsess_kit_fail(kit,
			"an idle expiry is never past the deadline: %s answered one "
			"that is",
			name);
	}
}

int mcpsess_kit_do(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask)
{
	mcp_session_store_answer_clear(&kit->answer);
	memset(&kit->error, 0, sizeof(kit->error));
	int status = mcpsess_kit_ask(kit, verb, ask, &kit->answer, &kit->error);
	if (status < 0 && kit->error.status != status) {
		mcpsess_kit_fail(kit,
			"err.status is what the verb returned: %s returned %s, err has %s",
			verb_names[verb], mcpsess_status_name(status),
			mcpsess_status_name(kit->error.status));
	}
	if (status == MCPSESS_OK && (of_records & 1u << verb) != 0) {
		check_answer(kit, verb);
	}
	return status;
}

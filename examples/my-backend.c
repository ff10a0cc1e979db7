/*
 * A store of your own in five plain functions, and the conformance kit run on it.
 *
 * Records are kept in an array: nothing pends, and nothing beyond the five verbs is declared. The
 * library checks arguments, resolves durations, and lets many threads in one at a time.
 */
#include <mcpsess/backend.h>
#include <mcpsess/conformance.h>

#define NEVER MCP_SESSION_STORE_NONE

enum { RECORDS = 1024 };

struct record {
	struct mcpsess_digest key;             /* zero: the place is free */
	struct mcp_session_store_answer about; /* as it is answered, but for NEVER */
};

struct my_store {
	struct mcp_session_store store; /* first: the library's part */
	struct record records[RECORDS];
};

static void end(struct my_store *mine, struct record *record)
{
	mine->store.host->blob_unref(record->about.blob); /* readers may hold it for longer */
	memset(record, 0, sizeof(*record));
}

/* The place of a key. What has expired is gone, though nobody sweeps. */
static struct record *find(struct my_store *mine, const struct mcpsess_digest *key)
{
	uint64_t now_ms = mine->store.host->now_ms(mine->store.core);
	for (struct record *at = mine->records; at < mine->records + RECORDS; at++) {
		if (at->about.revision > 0 && at->about.expires_ms <= now_ms) {
			end(mine, at);
		}
		if (memcmp(&at->key, key, sizeof(*key)) == 0) {
			at->about.now_ms = now_ms;
			return at;
		}
	}
	return NULL;
}

/* Never backwards, never past the deadline. */
static void move_expiry(struct mcp_session_store_answer *about, uint64_t idle_ms)
{
	uint64_t end_ms = idle_ms == NEVER ? NEVER : about->now_ms + idle_ms;
	end_ms = end_ms < about->deadline_ms ? end_ms : about->deadline_ms;
	about->expires_ms = end_ms > about->expires_ms ? end_ms : about->expires_ms;
	about->seen_ms = about->now_ms;
}

static void answer(struct mcp_session_store_call *call, const struct record *record)
{
	struct mcp_session_store_answer *a = &call->answer;
	*a = record->about;
	a->expires_ms = a->expires_ms == NEVER ? 0 : a->expires_ms;
	a->deadline_ms = a->deadline_ms == NEVER ? 0 : a->deadline_ms;
	a->blob = NULL;
}

/* The caller's live record, answered. */
static int look_up(struct my_store *mine, struct mcp_session_store_call *call, struct record **out)
{
	const struct mcp_session_store_request *ask = &call->request;
	struct record *record = find(mine, &ask->key);
	if (record == NULL) {
		return MCPSESS_E_NOTFOUND;
	}
	if (!(ask->flags & MCP_SESSION_STORE_ANY_OWNER) &&
		memcmp(&record->about.owner, &ask->owner, sizeof(ask->owner)) != 0) {
		return MCPSESS_E_NOTOWNER;
	}
	answer(call, record);
	*out = record;
	return MCPSESS_OK;
}

/* A free place for a record that is not there yet. */
static int begin(struct my_store *mine, struct mcp_session_store_call *call, struct record **out)
{
	static const struct mcpsess_digest no_key;
	const struct mcp_session_store_request *ask = &call->request;
	if (find(mine, &ask->key) != NULL) {
		return MCPSESS_E_EXISTS;
	}
	*out = find(mine, &no_key);
	if (*out == NULL) {
		return MCPSESS_E_LIMIT;
	}
	struct mcp_session_store_answer *about = &(*out)->about;
	about->owner = ask->owner;
	about->kind = ask->kind;
	about->created_ms = about->now_ms;
	about->deadline_ms = ask->absolute_ms == NEVER ? NEVER : about->now_ms + ask->absolute_ms;
	return MCPSESS_OK;
}

/* Create or update: the place is the record's only when nothing can fail any more. */
static int my_store(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct my_store *mine = (struct my_store *)store;
	const struct mcp_session_store_request *ask = &call->request;
	struct record *record = NULL;
	int status = ask->revision == 0 ? begin(mine, call, &record) : look_up(mine, call, &record);
	if (status != MCPSESS_OK || record->about.revision != ask->revision) {
		return status != MCPSESS_OK ? status : MCPSESS_E_CONFLICT;
	}
	void *blob = store->host->blob_new(store->core, ask->payload.data, ask->payload.len);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	store->host->blob_unref(record->about.blob);
	record->key = ask->key;
	record->about.blob = blob;
	record->about.state = ask->state;
	record->about.revision++;
	move_expiry(&record->about, ask->idle_ms);
	answer(call, record);
	return MCPSESS_OK;
}

static int my_get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = look_up((struct my_store *)store, call, &record);
	if (status == MCPSESS_OK) {
		if (call->request.flags & MCP_SESSION_STORE_TOUCH) {
			move_expiry(&record->about, call->request.idle_ms);
			answer(call, record);
		}
		call->answer.blob = store->host->blob_ref(record->about.blob);
		call->answer.payload = store->host->blob_bytes(record->about.blob);
	}
	return status;
}

static int my_touch(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = look_up((struct my_store *)store, call, &record);
	if (status == MCPSESS_OK) {
		move_expiry(&record->about, call->request.idle_ms);
		answer(call, record);
	}
	return status;
}

static int my_exists(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	return look_up((struct my_store *)store, call, &record);
}

static int my_delete(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = look_up((struct my_store *)store, call, &record);
	if (status == MCPSESS_OK) {
		end((struct my_store *)store, record);
	}
	return status == MCPSESS_E_NOTFOUND ? MCPSESS_OK : status;
}

static void my_close(struct mcp_session_store *store)
{
	struct my_store *mine = (struct my_store *)store;
	for (int i = 0; i < RECORDS; i++) {
		end(mine, &mine->records[i]);
	}
	store->host->realloc(store->core, mine, 0);
}

static const struct mcp_session_store_ops my_ops = { .size = sizeof(my_ops),
	.store = my_store,
	.get = my_get,
	.touch = my_touch,
	.delete = my_delete,
	.exists = my_exists,
	.close = my_close };

static int my_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)config, (void)err;
	struct my_store *mine = host->realloc(core, NULL, sizeof(*mine));
	if (mine == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(mine, 0, sizeof(*mine));
	mine->store.ops = &my_ops;
	*out = &mine->store;
	return MCPSESS_OK;
}

static const struct mcpsess_backend my_backend = { .abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(my_backend),
	.name = "mine",
	.schemes = "mine",
	.parameters = "",
	.open = my_open,
	.touches_are_free = 1 };

int main(void)
{
	struct mcpsess_error err;
	if (mcpsess_backend_add(&my_backend, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return mcpsess_conformance_run("mine:", NULL, stdout) != 0;
}

/*
 * A store of your own in five plain functions, and the conformance kit run on it.
 *
 * What keeps records is an array, common/records.h; yours is a database. Nothing pends. The library
 * checks arguments, resolves durations, and lets many threads in one at a time.
 */
#include <mcpsess/backend.h>
#include <mcpsess/conformance.h>

#include "common/records.h"

struct my_store {
	struct mcp_session_store store; /* first: the library's part */
	struct records records;
};

/* The caller's live record, answered. */
static int look_up(
	struct mcp_session_store *store, struct mcp_session_store_call *call, struct record **out)
{
	const struct mcp_session_store_request *ask = &call->request;
	call->answer.now_ms = store->host->now_ms(store->core);
	*out = records_find(&((struct my_store *)store)->records, &ask->key, call->answer.now_ms);
	if (*out == NULL) {
		return MCPSESS_E_NOTFOUND;
	}
	if (!(ask->flags & MCP_SESSION_STORE_ANY_OWNER) &&
		memcmp(&(*out)->about.owner, &ask->owner, sizeof(ask->owner)) != 0) {
		return MCPSESS_E_NOTOWNER;
	}
	call->answer = (*out)->about;
	return MCPSESS_OK;
}

/* Create (revision 0) or update, which never creates. */
static int my_store(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *ask = &call->request;
	struct records *records = &((struct my_store *)store)->records;
	struct record *record;
	int status = look_up(store, call, &record);
	if (ask->revision == 0) {
		status = record == NULL ? MCPSESS_OK : MCPSESS_E_EXISTS;
	} else if (status == MCPSESS_OK && record->about.revision != ask->revision) {
		status = MCPSESS_E_CONFLICT;
	}
	if (status == MCPSESS_OK) {
		status = records_write(records, ask, call->answer.now_ms, &record);
	}
	if (status == MCPSESS_OK) {
		call->answer = record->about;
	}
	return status;
}

/* The payload is a copy: it does not change under its reader. */
static int my_get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	const struct mcpsess_host *host = store->host;
	struct record *record;
	int status = look_up(store, call, &record);
	if (status != MCPSESS_OK) {
		return status;
	}
	void *blob = host->blob_new(store->core, record->payload.data, record->payload.len);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	if (call->request.flags & MCP_SESSION_STORE_TOUCH) {
		records_touch(record, call->request.idle_ms);
		call->answer = record->about;
	}
	call->answer.blob = blob;
	call->answer.payload = host->blob_bytes(blob);
	return MCPSESS_OK;
}

static int my_touch(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = look_up(store, call, &record);
	if (status == MCPSESS_OK) {
		records_touch(record, call->request.idle_ms);
		call->answer = record->about;
	}
	return status;
}

static int my_exists(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	return look_up(store, call, &record);
}

/* OK also when there is none: the wish is fulfilled. */
static int my_delete(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = look_up(store, call, &record);
	if (status == MCPSESS_OK) {
		records_remove(record);
	}
	return status == MCPSESS_E_NOTFOUND ? MCPSESS_OK : status;
}

static void my_close(struct mcp_session_store *store)
{
	records_clear(&((struct my_store *)store)->records);
	store->host->realloc(store->core, store, 0);
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
		return fprintf(stderr, "%s\n", err.text), 1;
	}
	return mcpsess_conformance_run("mine:", NULL, stdout) != 0;
}

#include "pend.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mcpsess/error.h>

enum { CALLS_MAX = 256 };

struct reply {
	struct mcp_session_store_call *call;
	int status;
};

struct handle {
	struct mcp_session_store base;
	const struct mcpsess_host *host;
	void *core;
	struct mcp_session_store_ops ops;
	int near, far; /* a socket and its other end; -1 before the first call */
	struct mcp_session_store_call *calls[CALLS_MAX];
	unsigned call_count, unsent;
	struct reply replies[CALLS_MAX];
	unsigned reply_count;
};

struct pend_script pend;

struct mcpsess_digest pend_key(unsigned number)
{
	struct mcpsess_digest key = { { 1 } };
	memcpy(key.bytes + 1, &number, sizeof(number));
	return key;
}

uint64_t pend_revision(const struct mcpsess_digest *key)
{
	uint32_t number;
	memcpy(&number, key->bytes + 1, sizeof(number));
	return (uint64_t)number + 1;
}

static struct handle *of(struct mcp_session_store *store)
{
	return (struct handle *)(void *)store;
}

static int answer(struct handle *self, struct mcp_session_store_call *call)
{
	const struct mcpsess_digest *key = &call->request.key;
	call->answer.revision = pend_revision(key);
	call->answer.blob = self->host->blob_new(self->core, key, sizeof(*key));
	if (call->answer.blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	call->answer.payload = self->host->blob_bytes(call->answer.blob);
	return pend.status;
}

static int connect_other_end(struct handle *self)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
		return MCPSESS_E_UNAVAILABLE;
	}
	int r = self->host->watch(self->core, pair[0], MCPSESS_EVENT_READ);
	if (r < 0) {
		close(pair[0]);
		close(pair[1]);
		return r;
	}
	self->near = pair[0];
	self->far = pair[1];
	return MCPSESS_OK;
}

static int verb(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct handle *self = of(store);
	if (pend.mode == PEND_AT_ONCE) {
		if (pend.status == MCPSESS_E_UNAVAILABLE) {
			self->host->explain(call, 111, PEND_SAYS);
		}
		return answer(self, call);
	}
	int r = self->near >= 0 ? MCPSESS_OK : connect_other_end(self);
	if (r < 0) {
		return r;
	}
	if (self->call_count == CALLS_MAX) {
		return MCPSESS_E_LIMIT;
	}
	self->calls[self->call_count++] = call;
	self->unsent++;
	return MCPSESS_PENDING;
}

static void forget(struct handle *self, struct mcp_session_store_call *call)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < self->call_count; i++) {
		if (self->calls[i] != call) {
			self->calls[kept++] = self->calls[i];
		}
	}
	self->call_count = kept;
}

static void reply(struct handle *self, struct mcp_session_store_call *call, int status)
{
	if (self->reply_count < CALLS_MAX) {
		self->replies[self->reply_count++] =
			(struct reply){ .call = call, .status = status };
		ssize_t sent = write(self->far, "!", 1);
		(void)sent;
	}
}

static void flush(struct mcp_session_store *store)
{
	struct handle *self = of(store);
	unsigned batch = self->unsent;
	self->unsent = 0;
	if (batch == 0) {
		return;
	}
	pend.flushes++;
	pend.sent += batch;
	unsigned largest = pend.largest_batch;
	while (batch > largest &&
		!atomic_compare_exchange_weak(&pend.largest_batch, &largest, batch)) {
	}
	while (pend.gate_shut) {
		sched_yield();
	}
	for (unsigned i = self->call_count; pend.mode == PEND_ITSELF && i-- > 0;) {
		if (pend_revision(&self->calls[i]->request.key) != (uint64_t)PEND_SILENT + 1) {
			reply(self, self->calls[i], MCPSESS_OK);
		}
	}
}

static int still_pends(struct handle *self, struct mcp_session_store_call *call)
{
	for (unsigned i = 0; i < self->call_count; i++) {
		if (self->calls[i] == call) {
			return 1;
		}
	}
	return 0;
}

static void ready(struct mcp_session_store *store, int fd, uint32_t events)
{
	struct handle *self = of(store);
	char bytes[CALLS_MAX];
	pend.events = events;
	while (read(fd, bytes, sizeof(bytes)) > 0) {
	}
	for (unsigned i = 0; i < self->reply_count; i++) {
		struct reply got = self->replies[i];
		if (still_pends(self, got.call)) {
			forget(self, got.call);
			int status = got.status == MCPSESS_OK ? answer(self, got.call) : got.status;
			self->host->finish(self->core, got.call, status);
		}
	}
	self->reply_count = 0;
}

static int wait_for(struct mcp_session_store *store, int fd, int wait_ms)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };
	pend.asked_to_wait++;
	if (!pend.waits) {
		return 0;
	}
	if (poll(&wanted, 1, wait_ms) > 0) {
		ready(store, fd, MCPSESS_EVENT_READ);
	}
	return 1;
}

static void tick(struct mcp_session_store *store, uint64_t now_ms)
{
	(void)store, (void)now_ms;
	pend.ticks++;
}

static void cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	pend.cancelled++;
	forget(of(store), call);
}

/* What these wait for comes behind all that was asked before. */
static int sweep(struct mcp_session_store *store, size_t budget)
{
	ready(store, of(store)->near, pend.events);
	pend.sweeps++;
	return (int)budget;
}

static int stats(struct mcp_session_store *store, struct mcp_session_store_counts *out)
{
	ready(store, of(store)->near, pend.events);
	out->sessions = 7;
	return MCPSESS_OK;
}

static void close_handle(struct mcp_session_store *store)
{
	struct handle *self = of(store);
	if (self->near >= 0) {
		self->host->watch(self->core, self->near, 0);
		close(self->near);
		close(self->far);
	}
	pend.closed++;
	self->host->realloc(self->core, self, 0);
}

static void fill_table(struct mcp_session_store_ops *ops)
{
	const char *lacks = pend.lacks != NULL ? pend.lacks : "";
	*ops = (struct mcp_session_store_ops){
		.size = pend.table_size != 0 ? pend.table_size : sizeof(*ops),
		.can = pend.can,
		.store = strcmp(lacks, "store") == 0 ? NULL
			 : pend.on_store != NULL     ? pend.on_store
						     : verb,
		.get = strcmp(lacks, "get") == 0 ? NULL : verb,
		.touch = strcmp(lacks, "touch") == 0 ? NULL : verb,
		.mcpsess_delete_ = strcmp(lacks, "delete") == 0 ? NULL : verb,
		.exists = strcmp(lacks, "exists") == 0 ? NULL : verb,
		.close = close_handle,
		.list = strcmp(lacks, "list") == 0 ? NULL : verb,
		.sweep = strcmp(lacks, "sweep") == 0 ? NULL : sweep,
		.stats = strcmp(lacks, "stats") == 0 ? NULL : stats,
		.ready = strcmp(lacks, "ready") == 0 ? NULL : ready,
		.tick = strcmp(lacks, "tick") == 0 ? NULL : tick,
		.cancel = strcmp(lacks, "cancel") == 0 ? NULL : cancel,
		.flush = flush,
		.wait = wait_for,
	};
}

static int open_handle(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)config, (void)err;
	if (pend.open_fails != 0 && (int)pend.opened >= pend.open_fails) {
		return MCPSESS_E_UNAVAILABLE;
	}
	struct handle *self = host->realloc(core, NULL, sizeof(*self));
	if (self == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(self, 0, sizeof(*self));
	self->host = host;
	self->core = core;
	self->near = self->far = -1;
	fill_table(&self->ops);
	self->base.ops = &self->ops;
	pend.opened++;
	*out = &self->base;
	return MCPSESS_OK;
}

const struct mcpsess_backend pend_backend = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(pend_backend),
	.name = "pend",
	.schemes = "pend pend+more",
	.parameters = "color size",
	.open = open_handle,
	.handles = PEND_HANDLES,
};

void pend_reset(void)
{
	memset(&pend, 0, sizeof(pend));
	pend.can = MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_SHARE |
		   MCP_SESSION_STORE_CAN_LIST | MCP_SESSION_STORE_CAN_SWEEP |
		   MCP_SESSION_STORE_CAN_STATS;
	mcpsess_backend_add(&pend_backend, NULL); /* EXISTS the second time */
}

struct mcp_session_store_call *pend_call(struct mcp_session_store *store, unsigned index)
{
	return index < of(store)->call_count ? of(store)->calls[index] : NULL;
}

void pend_answer(struct mcp_session_store *store, struct mcp_session_store_call *call, int status)
{
	reply(of(store), call, status);
}

void pend_misfinish(
	struct mcp_session_store *store, struct mcp_session_store_call *call, int status)
{
	of(store)->host->finish(of(store)->core, call, status);
}

void pend_watch(struct mcp_session_store *store, uint32_t events)
{
	of(store)->host->watch(of(store)->core, of(store)->near, events);
}

void pend_wake_at(struct mcp_session_store *store, uint64_t now_ms)
{
	of(store)->host->wake_at(of(store)->core, now_ms);
}

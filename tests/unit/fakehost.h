/*
 * A host table for backends under test: a clock that is set, memory that is counted and can be
 * made to fail, blobs. And a store opened on it, with its verbs as short calls.
 */
#ifndef TESTS_FAKEHOST_H
#define TESTS_FAKEHOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <mcpsess/backend.h>

struct fake {
	_Atomic uint64_t now_ms;
	_Atomic int64_t held;  /* bytes that are allocated, malloc's rounding included */
	_Atomic int fail_from; /* the allocation that fails, and all after it; 0: none */
	_Atomic int allocations;
	_Atomic int explained;
	struct mcp_session_store_options settings;
	struct mcp_session_store *store;
};

/* The fake that explain() tells: it is given no core. */
static struct fake *fake_explained;

static inline void *fake_realloc(void *core, void *ptr, size_t size)
{
	struct fake *fake = core;
	size_t before = ptr != NULL ? malloc_usable_size(ptr) + sizeof(size_t) : 0;
	if (size == 0) {
		fake->held -= (int64_t)before;
		free(ptr);
		return NULL;
	}
	int nth = ++fake->allocations;
	if (fake->fail_from > 0 && nth >= fake->fail_from) {
		return NULL;
	}
	ptr = realloc(ptr, size);
	if (ptr == NULL) {
		abort();
	}
	fake->held += (int64_t)(malloc_usable_size(ptr) + sizeof(size_t)) - (int64_t)before;
	return ptr;
}

static inline uint64_t fake_now_ms(void *core)
{
	return ((struct fake *)core)->now_ms;
}

struct fake_blob {
	struct fake *fake;
	size_t len;
	atomic_uint refs;
	_Alignas(uint64_t) char data[];
};

static inline void *fake_blob_new(void *core, const void *data, size_t len)
{
	struct fake_blob *blob = fake_realloc(core, NULL, sizeof(*blob) + len);
	if (blob != NULL) {
		blob->fake = core;
		blob->len = len;
		atomic_init(&blob->refs, 1);
		if (data != NULL) {
			memcpy(blob->data, data, len);
		}
	}
	return blob;
}

static inline struct mcpsess_bytes fake_blob_bytes(const void *blob)
{
	const struct fake_blob *self = blob;
	return mcpsess_mem(self->data, self->len);
}

static inline void *fake_blob_ref(void *blob)
{
	((struct fake_blob *)blob)->refs++;
	return blob;
}

static inline void fake_blob_unref(void *blob)
{
	struct fake_blob *self = blob;
	if (self != NULL && --self->refs == 0) {
		fake_realloc(self->fake, self, 0);
	}
}

static inline void fake_explain(struct mcp_session_store_call *call, int sys, const char *text)
{
	call->error.sys = sys;
	strncpy(call->error.text, text, sizeof(call->error.text) - 1);
	fake_explained->explained++;
}

static const struct mcpsess_host fake_host = {
	.size = sizeof(fake_host),
	.realloc = fake_realloc,
	.now_ms = fake_now_ms,
	.blob_new = fake_blob_new,
	.blob_bytes = fake_blob_bytes,
	.blob_ref = fake_blob_ref,
	.blob_unref = fake_blob_unref,
	.explain = fake_explain,
};

/* Open a backend with fake->settings and at most one parameter of its own. */
static inline int fake_open(struct fake *fake, const struct mcpsess_backend *backend,
	const char *name, const char *value, struct mcpsess_error *err)
{
	struct mcpsess_backend_parameter parameter = { name, value };
	struct mcpsess_backend_config config = { .size = sizeof(config),
		.uri = "",
		.scheme = backend->name,
		.authority = "",
		.path = "",
		.parameters = &parameter,
		.parameter_count = name != NULL,
		.settings = &fake->settings };
	fake_explained = fake;
	return backend->open(&fake_host, fake, &config, &fake->store, err);
}

/* A key or an owner spread as digests are; 0 is none. */
static inline struct mcpsess_digest fake_digest(uint64_t n)
{
	struct mcpsess_digest digest = { { 0 } };
	for (int i = 0; n != 0 && i < 4; i++) {
		uint64_t z = (n + (uint64_t)i) * 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		memcpy(digest.bytes + 8 * i, &z, 8);
	}
	return digest;
}

/* A request as the core would fill it in. */
static inline struct mcp_session_store_request fake_request(
	const struct fake *fake, uint64_t key, uint64_t owner)
{
	return (struct mcp_session_store_request){ .key = fake_digest(key),
		.owner = fake_digest(owner),
		.state = MCP_SESSION_STORE_ACTIVE,
		.idle_ms = fake->settings.idle_ms,
		.absolute_ms = fake->settings.absolute_ms,
		.touch_every_ms = fake->settings.touch_every_ms,
		.tombstone_ms = fake->settings.tombstone_ms,
		.max_sessions = fake->settings.max_sessions,
		.max_sessions_per_owner = fake->settings.max_sessions_per_owner };
}

typedef int fake_verb(struct mcp_session_store *, struct mcp_session_store_call *);

/* Run a verb; *out (NULL is fine) is the caller's to give to fake_clear(). */
static inline int fake_run(struct fake *fake, fake_verb *verb,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *out)
{
	struct mcp_session_store_call call = { .request = *request };
	int status = verb(fake->store, &call);
	if (out != NULL) {
		*out = call.answer;
	} else {
		fake_blob_unref(call.answer.blob);
	}
	return status;
}

static inline void fake_clear(struct mcp_session_store_answer *answer)
{
	fake_blob_unref(answer->blob);
	memset(answer, 0, sizeof(*answer));
}

#endif

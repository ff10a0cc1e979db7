/* A memory store on a fake host, as every test of it wants one. */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include "fakehost.h"

extern const struct mcpsess_backend mcpsess_backend_memory;

enum { START = 1000000, IDLE = 1000, ABSOLUTE = 10000, TOMBSTONE = 500 };

enum { ANY = MCP_SESSION_STORE_ANY_OWNER };

static inline void memory_configure(struct fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->now_ms = START;
	fake->settings.idle_ms = IDLE;
	fake->settings.absolute_ms = ABSOLUTE;
	fake->settings.tombstone_ms = TOMBSTONE;
	fake->settings.touch_every_ms = 0;
	fake->settings.max_sessions = MCP_SESSION_STORE_NONE;
	fake->settings.max_sessions_per_owner = MCP_SESSION_STORE_NONE;
}

static inline void memory_start(struct fake *fake, const char *max_bytes)
{
	assert_int_equal(fake_open(fake, &mcpsess_backend_memory,
				 max_bytes != NULL ? "max_bytes" : NULL, max_bytes, NULL),
		MCPSESS_OK);
}

static inline void memory_begin(struct fake *fake)
{
	memory_configure(fake);
	memory_start(fake, NULL);
}

/* Whatever a test did: when the store is closed nothing is held any more. */
static inline void memory_end(struct fake *fake)
{
	fake->store->ops->close(fake->store);
	assert_int_equal(fake->held, 0);
}

static inline int memory_store(
	struct fake *fake, uint64_t key, uint64_t owner, uint64_t revision, const char *payload)
{
	struct mcp_session_store_request request = fake_request(fake, key, owner);
	request.revision = revision;
	request.payload = mcpsess_str(payload);
	return fake_run(fake, fake->store->ops->store, &request, NULL);
}

static inline int memory_create(struct fake *fake, uint64_t key, uint64_t owner)
{
	return memory_store(fake, key, owner, 0, "payload");
}

/* What get_into answers; 1: it leaves it to get, and has left the answer alone. */
static inline int memory_get_into(struct fake *fake,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer)
{
	struct mcp_session_store_answer before;
	memset(answer, 0x5a, sizeof(*answer));
	memset(&answer->entries, 0, sizeof(answer->entries));
	answer->entry_count = 0;
	memset(answer->cursor, 0, sizeof(answer->cursor));
	memcpy(&before, answer, sizeof(before));
	if (fake->store->ops->get_into(fake->store, request, request->idle_ms,
		    request->touch_every_ms, answer) == MCPSESS_OK) {
		return MCPSESS_OK;
	}
	assert_memory_equal(answer, &before, sizeof(before));
	return 1;
}

/* Threads are about: one may write between two calls. */
static int memory_crowded;

/* As who waits is served: by get_into, which says what get says at the same time, or by get. */
static inline int memory_get(struct fake *fake, uint64_t key, uint64_t owner, uint32_t flags,
	struct mcp_session_store_answer *out)
{
	struct mcp_session_store_request request = fake_request(fake, key, owner);
	struct mcp_session_store_answer answer, again;
	request.flags = flags;
	int status = (flags & MCP_SESSION_STORE_COUNT) != 0
			     ? 1
			     : memory_get_into(fake, &request, &answer);
	if (status != MCPSESS_OK) {
		status = fake_run(fake, fake->store->ops->get, &request, &answer);
	} else if (!memory_crowded) {
		assert_int_equal(
			fake_run(fake, fake->store->ops->get, &request, &again), MCPSESS_OK);
		assert_memory_equal(&again, &answer, sizeof(again));
		fake_clear(&again);
	}
	if (out != NULL) {
		*out = answer;
	} else {
		fake_clear(&answer);
	}
	return status;
}

/* What a get says now, touching nothing. */
static inline int memory_status(struct fake *fake, uint64_t key)
{
	return memory_get(fake, key, 0, ANY, NULL);
}

static inline int memory_touch(struct fake *fake, uint64_t key)
{
	struct mcp_session_store_request request = fake_request(fake, key, 0);
	request.flags = ANY;
	return fake_run(fake, fake->store->ops->touch, &request, NULL);
}

static inline int memory_delete(struct fake *fake, uint64_t key, uint64_t owner)
{
	struct mcp_session_store_request request = fake_request(fake, key, owner);
	return fake_run(fake, fake->store->ops->mcpsess_delete_, &request, NULL);
}

static inline struct mcp_session_store_counts memory_stats(struct fake *fake)
{
	struct mcp_session_store_counts stats;
	assert_int_equal(fake->store->ops->stats(fake->store, &stats), MCPSESS_OK);
	return stats;
}

#endif

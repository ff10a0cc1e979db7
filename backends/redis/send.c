#include "send.h"

#include <mcpsess/error.h>

#include <stdio.h>

#include "redis.h"

/* -- batches ---------------------------------------------------------------------------------- */

static int is_owned(const struct redis_slot *slot)
{
	return !mcpsess_redis_is_nobody(&slot->call->request.owner);
}

/* Those that count are alone always: they could not be asked again when one of them fails all. */
static int can_join(const struct redis_slot *slot)
{
	return mcpsess_redis_text_of((enum redis_script)slot->kind) == REDIS_TEXT_READ &&
	       (slot->how & REDIS_ALONE) == 0 &&
	       (slot->call->request.flags & MCP_SESSION_STORE_COUNT) == 0;
}

static int can_meet(const struct redis_slot *a, const struct redis_slot *b)
{
	const struct mcp_session_store_request *one = &a->call->request, *other = &b->call->request;
	return can_join(b) && a->kind == b->kind && a->how == b->how &&
	       one->flags == other->flags && one->idle_ms == other->idle_ms &&
	       one->touch_every_ms == other->touch_every_ms &&
	       one->tombstone_ms == other->tombstone_ms && is_owned(a) == is_owned(b);
}

static size_t take_batch(struct redis_conn *conn, struct redis_slot slots[REDIS_BATCH_MAX])
{
	struct redis_queue *queue = &conn->queue;
	if (mcpsess_redis_wait_take(queue, &slots[0]) == NULL) {
		return 0;
	}
	size_t most = !conn->redis->config.cluster && can_join(&slots[0]) ? REDIS_BATCH_MAX : 1;
	size_t count = 1;
	while (count < most && mcpsess_redis_wait_look(queue, &slots[count]) != NULL &&
		can_meet(&slots[0], &slots[count])) {
		mcpsess_redis_wait_take(queue, &slots[count++]);
	}
	slots[0].more = (uint32_t)count - 1;
	return count;
}

void mcpsess_redis_dissolve(struct redis_conn *conn, const struct redis_slot *first)
{
	struct redis_slot slots[REDIS_BATCH_MAX] = { *first };
	for (uint32_t i = 1; i <= first->more; i++) {
		mcpsess_redis_slot_pop(&conn->queue, &slots[i]);
	}
	for (uint32_t i = first->more + 1; i-- > 0;) {
		if (slots[i].call != NULL) {
			mcpsess_redis_wait_first(
				&conn->queue, conn, slots[i].call, slots[i].kind, REDIS_ALONE);
		}
	}
}

/* -- commands --------------------------------------------------------------------------------- */

/* Behind a write: have its replicas counted. */
static int append_wait(struct redis_conn *conn, const struct redis_slot *of)
{
	const struct redis_config *config = &conn->redis->config;
	struct redis_slot slot = { .kind = REDIS_WAIT, .due_ms = of->due_ms };
	char count[24], ms[24];
	const char *argv[] = { "WAIT", count, ms };
	size_t lens[] = { 4, 0, 0 };
	lens[1] = (size_t)sprintf(count, "%u", (unsigned)config->wait);
	lens[2] = (size_t)sprintf(ms, "%llu", (unsigned long long)config->timeout_ms * 3 / 4 + 1);
	int r = mcpsess_redis_conn_append(conn, 3, argv, lens, &slot.end);
	if (r == MCPSESS_OK) {
		mcpsess_redis_slot_push(&conn->queue, &slot);
	}
	return r;
}

static int append_asking(struct redis_conn *conn)
{
	static const char *argv[] = { "ASKING" };
	static const size_t lens[] = { 6 };
	return mcpsess_redis_say(conn, REDIS_ASK, 1, argv, lens);
}

/* All that go in one command are answered by one reply. */
static int push_sent(struct redis_conn *conn, struct redis_slot *slots, size_t count)
{
	int waits = conn->redis->config.wait > 0 && mcpsess_redis_lasts(slots[0].kind);
	slots[0].waits = waits;
	for (size_t i = 0; i < count; i++) {
		slots[i].end = slots[0].end;
		mcpsess_redis_slot_push(&conn->queue, &slots[i]);
	}
	return waits ? append_wait(conn, &slots[0]) : MCPSESS_OK;
}

int mcpsess_redis_append_waiting(struct redis_conn *conn)
{
	struct redis_slot slots[REDIS_BATCH_MAX];
	size_t count;
	while ((count = take_batch(conn, slots)) > 0) {
		int r = (slots[0].how & REDIS_ASKING) != 0 ? append_asking(conn) : MCPSESS_OK;
		if (r == MCPSESS_OK) {
			r = mcpsess_redis_verb_append(conn, slots, count, &slots[0].end);
		}
		conn->used_ms = slots[0].due_ms;
		for (size_t i = 0; r < 0 && i < count; i++) {
			mcpsess_redis_finish(
				conn->redis, slots[i].call, r, 0, "no memory for a command");
		}
		if (r == MCPSESS_OK && push_sent(conn, slots, count) < 0) {
			return MCPSESS_E_NOMEM;
		}
	}
	return MCPSESS_OK;
}

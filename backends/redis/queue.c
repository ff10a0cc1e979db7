#include "queue.h"

#include <mcpsess/error.h>

enum { SLOTS_FIRST = 32 };

/* What a call's backend pointers hold. */
enum { CONN, NEXT, PREV, NUMBER };

/* NUMBER: of what waits script and how; of what was sent the slot. The lowest bit tells. */
enum { SENT = 1, HOW = 1, SHIFT = 4 };

static uintptr_t number_of(const struct mcp_session_store_call *call)
{
	return (uintptr_t)call->backend[NUMBER];
}

static void set_number(struct mcp_session_store_call *call, uintptr_t number)
{
	/* An integer that is never followed as a pointer. */
	memcpy(&call->backend[NUMBER], &number, sizeof(number));
}

int mcpsess_redis_queue_reserve(struct redis_queue *queue, const struct mcp_session_store *store)
{
	size_t wanted = 3 * (queue->waiting + 1) + queue->count + REDIS_GREET_END;
	if (wanted <= queue->capacity) {
		return MCPSESS_OK;
	}
	size_t capacity = queue->capacity > 0 ? queue->capacity : SLOTS_FIRST;
	while (capacity < wanted) {
		capacity *= 2;
	}
	struct redis_slot *slots =
		store->host->realloc(store->core, NULL, capacity * sizeof(*slots));
	if (slots == NULL) {
		return MCPSESS_E_NOMEM;
	}
	for (size_t i = 0; i < queue->count; i++) {
		struct redis_slot *slot = &queue->slots[(queue->head + i) & (queue->capacity - 1)];
		slots[i] = *slot;
		if (slot->call != NULL) {
			set_number(slot->call, (uintptr_t)i << SHIFT | SENT);
		}
	}
	store->host->realloc(store->core, queue->slots, 0);
	queue->slots = slots;
	queue->capacity = capacity;
	queue->head = 0;
	return MCPSESS_OK;
}

void mcpsess_redis_queue_free(struct redis_queue *queue, const struct mcp_session_store *store)
{
	store->host->realloc(store->core, queue->slots, 0);
	*queue = (struct redis_queue){ 0 };
}

/* -- waiting ------------------------------------------------------------------------------- */

static void link_in(struct redis_queue *queue, struct mcp_session_store_call *before,
	struct mcp_session_store_call *call, struct mcp_session_store_call *after)
{
	call->backend[PREV] = before;
	call->backend[NEXT] = after;
	if (before != NULL) {
		before->backend[NEXT] = call;
	} else {
		queue->first = call;
	}
	if (after != NULL) {
		after->backend[PREV] = call;
	} else {
		queue->last = call;
	}
	queue->waiting++;
}

static void mark(
	struct mcp_session_store_call *call, struct redis_conn *conn, uint32_t script, uint32_t how)
{
	call->backend[CONN] = conn;
	set_number(call, (uintptr_t)script << SHIFT | (uintptr_t)how << HOW);
}

void mcpsess_redis_wait_last(struct redis_queue *queue, struct redis_conn *conn,
	struct mcp_session_store_call *call, uint32_t script, uint32_t how)
{
	mark(call, conn, script, how);
	link_in(queue, queue->last, call, NULL);
}

void mcpsess_redis_wait_first(struct redis_queue *queue, struct redis_conn *conn,
	struct mcp_session_store_call *call, uint32_t script, uint32_t how)
{
	mark(call, conn, script, how);
	link_in(queue, NULL, call, queue->first);
}

static void take_out(struct redis_queue *queue, struct mcp_session_store_call *call)
{
	struct mcp_session_store_call *before = call->backend[PREV];
	struct mcp_session_store_call *after = call->backend[NEXT];
	if (before != NULL) {
		before->backend[NEXT] = after;
	} else {
		queue->first = after;
	}
	if (after != NULL) {
		after->backend[PREV] = before;
	} else {
		queue->last = before;
	}
	queue->waiting--;
}

struct mcp_session_store_call *mcpsess_redis_wait_look(
	const struct redis_queue *queue, struct redis_slot *out)
{
	static const uint32_t hows = REDIS_WHOLE | REDIS_ASKING | REDIS_ALONE;
	struct mcp_session_store_call *call = queue->first;
	if (call != NULL) {
		*out = (struct redis_slot){ .call = call,
			.kind = (uint32_t)(number_of(call) >> SHIFT),
			.how = (uint32_t)(number_of(call) >> HOW) & hows,
			.due_ms = call->give_up_ms };
	}
	return call;
}

struct mcp_session_store_call *mcpsess_redis_wait_take(
	struct redis_queue *queue, struct redis_slot *out)
{
	struct mcp_session_store_call *call = mcpsess_redis_wait_look(queue, out);
	if (call != NULL) {
		take_out(queue, call);
	}
	return call;
}

struct redis_conn *mcpsess_redis_conn_of(const struct mcp_session_store_call *call)
{
	return call->backend[CONN];
}

void mcpsess_redis_forget(struct redis_queue *queue, struct mcp_session_store_call *call)
{
	if ((number_of(call) & SENT) != 0) {
		queue->slots[number_of(call) >> SHIFT].call = NULL;
	} else {
		take_out(queue, call);
	}
}

/* -- sent ---------------------------------------------------------------------------------- */

void mcpsess_redis_slot_push(struct redis_queue *queue, const struct redis_slot *slot)
{
	size_t place = (queue->head + queue->count++) & (queue->capacity - 1);
	queue->slots[place] = *slot;
	if (slot->call != NULL) {
		set_number(slot->call, (uintptr_t)place << SHIFT | SENT);
	}
}

int mcpsess_redis_slot_pop(struct redis_queue *queue, struct redis_slot *out)
{
	if (queue->count == 0) {
		return 0;
	}
	*out = queue->slots[queue->head];
	queue->head = (queue->head + 1) & (queue->capacity - 1);
	queue->count--;
	return 1;
}

void mcpsess_redis_slot_hand_on(struct redis_queue *queue, struct mcp_session_store_call *call)
{
	queue->slots[queue->head].call = call;
	set_number(call, (uintptr_t)queue->head << SHIFT | SENT);
}

int mcpsess_redis_slot_unpush(struct redis_queue *queue, struct redis_slot *out)
{
	if (queue->count == 0) {
		return 0;
	}
	queue->count--;
	*out = queue->slots[(queue->head + queue->count) & (queue->capacity - 1)];
	return 1;
}

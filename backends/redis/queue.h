/*
 * The calls of a connection: those that wait to be sent, linked through the call's own backend
 * pointers, and a ring of slots for what was sent and not answered, in that order.
 */
#ifndef MCPSESS_REDIS_QUEUE_H
#define MCPSESS_REDIS_QUEUE_H

#include <mcpsess/backend.h>

#include "script.h"

struct redis_conn;

/* What a slot's reply is an answer to, beyond the verbs: the steps of a greeting. */
enum {
	REDIS_GREET_AUTH = REDIS_VERBS,
	REDIS_GREET_SELECT,
	REDIS_GREET_ROLE,
	REDIS_GREET_INFO,
	REDIS_GREET_TEXT, /* the first of REDIS_TEXTS */
	REDIS_GREET_END = REDIS_GREET_TEXT + REDIS_TEXTS,
	/* The question to a sentinel, which is no greeting. */
	REDIS_GREET_MASTER = REDIS_GREET_END,
	/* How many replicas have what the verb before it wrote. */
	REDIS_WAIT,
	/* That the verb behind it comes although its slot is still another's. */
	REDIS_ASK,
};

/*
 * How a call is sent: with its script's text, not its digest; to where its slot is moving to; not
 * together with others.
 */
enum { REDIS_WHOLE = 1, REDIS_ASKING = 2, REDIS_ALONE = 4 };

struct redis_slot {
	struct mcp_session_store_call *call; /* NULL: cancelled, or a greeting's */
	uint64_t end;                        /* where in the stream of bytes its command ends */
	uint64_t due_ms;                     /* when the answer is overdue */
	uint32_t kind;                       /* enum redis_script, or above */
	uint32_t how;                        /* REDIS_WHOLE and so on */
	uint32_t waits;                      /* the next slot is a REDIS_WAIT for it */
	uint32_t more;                       /* so many slots behind it have the same reply */
};

struct redis_queue {
	struct mcp_session_store_call *first, *last; /* waiting */
	size_t waiting;
	struct redis_slot *slots;
	size_t capacity; /* a power of two */
	size_t head, count;
};

/* Room for one more call, through to its slot, and for the greeting; NOMEM. */
int mcpsess_redis_queue_reserve(struct redis_queue *queue, const struct mcp_session_store *store);
void mcpsess_redis_queue_free(struct redis_queue *queue, const struct mcp_session_store *store);

/* To wait: at the end, or before all others. conn is where it waits. */
void mcpsess_redis_wait_last(struct redis_queue *queue, struct redis_conn *conn,
	struct mcp_session_store_call *call, uint32_t script, uint32_t how);
void mcpsess_redis_wait_first(struct redis_queue *queue, struct redis_conn *conn,
	struct mcp_session_store_call *call, uint32_t script, uint32_t how);
/* The first that waits, with its slot's kind and how filled in. NULL: none. */
struct mcp_session_store_call *mcpsess_redis_wait_look(
	const struct redis_queue *queue, struct redis_slot *out);
/* The same, taken out. */
struct mcp_session_store_call *mcpsess_redis_wait_take(
	struct redis_queue *queue, struct redis_slot *out);
/* The connection of a call, waiting or sent. */
struct redis_conn *mcpsess_redis_conn_of(const struct mcp_session_store_call *call);
/* Forget a call: out of what waits, or its slot is left empty. */
void mcpsess_redis_forget(struct redis_queue *queue, struct mcp_session_store_call *call);

/* There is room. The call of the slot, if any, is now sent. */
void mcpsess_redis_slot_push(struct redis_queue *queue, const struct redis_slot *slot);
/* 0 when nothing is to be answered. */
int mcpsess_redis_slot_pop(struct redis_queue *queue, struct redis_slot *out);
/* The slot that is first now is about this call, whose own was taken. */
void mcpsess_redis_slot_hand_on(struct redis_queue *queue, struct mcp_session_store_call *call);
/* The last one, for those that go back to wait. */
int mcpsess_redis_slot_unpush(struct redis_queue *queue, struct redis_slot *out);

static inline const struct redis_slot *mcpsess_redis_slot_first(const struct redis_queue *queue)
{
	return queue->count > 0 ? &queue->slots[queue->head] : NULL;
}

#endif

/*
 * Calls that wait. The thread of a waiting call goes on with others: its connection is put aside,
 * and one thread knows who is due when. A client that cancels its call ends the wait.
 */
#ifndef ECHO_DELAY_H
#define ECHO_DELAY_H

#include <mcpsess/rpc.h>

struct delays;

/* The clock by which they wait: nobody sets it. */
uint64_t delays_now_ms(void);

/* One wait; the caller's, from add until over() is called. */
struct delay {
	struct mcpsess_message *message;
	void (*over)(void *user_data); /* once, from the thread of the delays */
	void *user_data;
	uint64_t due_ms;
	struct delay *next;
};

/* NULL when there is no memory or no thread. */
struct delays *delays_start(void);

/* No wait may be left. NULL is fine. */
void delays_stop(struct delays *delays);

void delays_add(struct delays *delays, struct delay *delay, uint64_t ms);

/* For mcpsess_rpc_options.cancelled, with the delays as its user_data. */
void delays_cancelled(void *delays, struct mcpsess_message *message);

/* Every wait is over now, and those that come are over at once. */
void delays_hurry(struct delays *delays);

#endif

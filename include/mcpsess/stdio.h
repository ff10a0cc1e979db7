/*
 * mcpsess/stdio.h - for hosts: the stdio transport without file descriptors.
 *
 * Messages are lines: no newline inside, one after each. A connection is a session too: the layer
 * makes it at initialize, and this object remembers its id. When the session has ended meanwhile
 * one message is refused, and initialize begins another. It serves any byte stream.
 *
 *     mcpsess_stdio_feed(io, bytes_read);
 *     while ((v = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
 *             while (v == MCPSESS_DISPATCH) {
 *                     v = handle(mcpsess_stdio_message(io));
 *             }
 *             write mcpsess_stdio_output(io);
 *     }
 *
 * While a message is dispatched for long, feed what comes and write mcpsess_stdio_aside(io): then
 * its client can cancel it, and is answered when it asks whether anybody is there.
 *
 * All legacy revisions, section "stdio" of Transports.
 *
 * Thread: owner.
 */
#ifndef MCPSESS_STDIO_H
#define MCPSESS_STDIO_H

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcpsess_stdio;

/** Of mcpsess_stdio_next(), besides the verdicts: no whole line is there. */
enum { MCPSESS_STDIO_IDLE = -1 };

/** One connection; principal is who owns the other end, empty for nobody. Both are copied. */
MCPSESS_API int mcpsess_stdio_create(struct mcpsess_rpc *rpc, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_stdio **out, struct mcpsess_error *err);

/** Free it and end its session in the store, as DELETE would. Blocks. NULL is fine. */
MCPSESS_API void mcpsess_stdio_destroy(struct mcpsess_stdio *io);

/** With a store that pends: told as input.ready. */
MCPSESS_API void mcpsess_stdio_on_ready(struct mcpsess_stdio *io,
	void (*ready)(void *user_data, struct mcpsess_stdio *io, enum mcpsess_verdict verdict),
	void *user_data);

/**
 * Give it bytes that came, in any pieces; copied. NOMEM and nothing taken. A line above the layer's
 * limit is dropped up to its newline and answered by an error.
 */
MCPSESS_API int mcpsess_stdio_feed(struct mcpsess_stdio *io, struct mcpsess_bytes bytes);

/** The other end closed: what is left is the last line, and feed answers INVALID. Returns OK. */
MCPSESS_API int mcpsess_stdio_finish(struct mcpsess_stdio *io);

/** Begin the next line's message, ending the one before: a verdict, or MCPSESS_STDIO_IDLE. */
MCPSESS_API int mcpsess_stdio_next(struct mcpsess_stdio *io);

/** The message while the verdict is MCPSESS_DISPATCH; else NULL. */
MCPSESS_API struct mcpsess_message *mcpsess_stdio_message(struct mcpsess_stdio *io);

/** What to write, newline included; empty when nothing is to be said. Until next or destroy. */
MCPSESS_API struct mcpsess_bytes mcpsess_stdio_output(struct mcpsess_stdio *io);

/**
 * While a message is dispatched: of the whole lines that came after it, take out those that must
 * not wait, and return what to write now, newlines included; empty when nothing is to be said.
 * Until aside, next or destroy.
 *
 * notifications/cancelled takes effect: mcpsess_message_cancelled() tells, and options.cancelled
 * is called where it names the running call, whose answer then is empty however it is finished.
 * ping is answered. All others, batches and broken lines among them, wait in their order for next,
 * and so does everything while the connection has no session yet. What finds no memory waits too.
 * Blocks as mcpsess_rpc_begin() does, on a store that pends as well. A line is looked at once, so
 * call it as often as bytes come; how much to feed meanwhile is for the host to bound.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_stdio_aside(struct mcpsess_stdio *io);

#ifdef __cplusplus
}
#endif

#endif

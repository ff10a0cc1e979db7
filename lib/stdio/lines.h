/* Bytes in any pieces in, lines out. A line that went out stays where it is until it is let go. */
#ifndef MCPSESS_STDIO_LINES_H
#define MCPSESS_STDIO_LINES_H

#include "base/buffer.h"

struct mcpsess_lines {
	size_t max;                 /* bytes of a line that is kept whole */
	struct mcpsess_buffer text; /* lines that wait, after those that went out */
	struct mcpsess_buffer held; /* where the line is that is out, when text has moved on */
	size_t at;                  /* what is before it went out */
	size_t searched;            /* no line break between at and here */
	size_t seen;                /* lines between at and here were peeked at and left */
	size_t peeked;              /* the end of the line of the last peek */
	size_t tail;                /* bytes kept of the line that has not ended */
	int lent;                   /* a line is out */
	int finished;
};

void mcpsess_lines_init(struct mcpsess_lines *lines, const struct mcpsess_env *env, size_t max);
void mcpsess_lines_free(struct mcpsess_lines *lines);
/* OK, or NOMEM and nothing is taken. Of a line above max, no more than shows that is kept. */
int mcpsess_lines_feed(struct mcpsess_lines *lines, struct mcpsess_bytes bytes);
/* No more will come: the rest is a line. */
void mcpsess_lines_finish(struct mcpsess_lines *lines);
/* The next line, without its end; 0 when none is whole. One above max is cut. */
int mcpsess_lines_next(struct mcpsess_lines *lines, struct mcpsess_bytes *line);
/* The next line that no skip has passed, which stays where it is; 0 when none is whole. */
int mcpsess_lines_peek(struct mcpsess_lines *lines, struct mcpsess_bytes *line);
/* Leave the line of the last peek to next, and peek behind it. */
void mcpsess_lines_skip(struct mcpsess_lines *lines);
/* Take it out: next finds an empty line in its place, or none. */
void mcpsess_lines_drop(struct mcpsess_lines *lines);
/* The line of the last next is no longer looked at. */
void mcpsess_lines_let_go(struct mcpsess_lines *lines);

#endif

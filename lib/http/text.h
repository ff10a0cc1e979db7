/* Small readers of header text. ASCII only, whatever the locale. */
#ifndef MCPSESS_HTTP_TEXT_H
#define MCPSESS_HTTP_TEXT_H

#include <mcpsess/types.h>

/* Without spaces and tabs around it. */
struct mcpsess_bytes mcpsess_http_trim(struct mcpsess_bytes text);
/* Equal, letters in any case. */
int mcpsess_http_same(struct mcpsess_bytes a, struct mcpsess_bytes b);
/* The part from an offset on. */
struct mcpsess_bytes mcpsess_http_from(struct mcpsess_bytes text, size_t at);
/* Where a character first stands; the length when it does not. */
size_t mcpsess_http_find(struct mcpsess_bytes text, char c);
/*
 * Take the next element of a list, trimmed; empty ones are passed over. 0 when there is none left.
 * Separators in quoted strings separate nothing.
 */
int mcpsess_http_next(struct mcpsess_bytes *rest, char separator, struct mcpsess_bytes *element);

#endif

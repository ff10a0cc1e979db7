/* A store URI in its parts: scheme:[//authority][/path][?name=value&...]. */
#ifndef MCPSESS_STORE_URI_H
#define MCPSESS_STORE_URI_H

#include <mcpsess/backend.h>

enum {
	MCPSESS_URI_MAX = 4096,
	MCPSESS_URI_PARAMETERS = 32,
	MCPSESS_SCHEME_MAX = 16,
};

/* It points into itself: it stays where it was filled. */
struct mcpsess_uri {
	char scheme[MCPSESS_SCHEME_MAX + 1];
	const char *authority; /* still percent-encoded; "" */
	const char *path;      /* percent-decoded; "" */
	struct mcpsess_backend_parameter parameters[MCPSESS_URI_PARAMETERS];
	size_t parameter_count;
	char text[MCPSESS_URI_MAX + 4]; /* the parts, each with its NUL */
};

/*
 * OK, or INVALID and err says what is wrong where. It quotes parameter names, never an authority
 * or a value: there may be a password in them. No allocation; on failure *out is in pieces.
 */
int mcpsess_uri_parse(const char *uri, struct mcpsess_uri *out, struct mcpsess_error *err);

/* Text of the URI's as an error may quote it: printable, and not too long. Returns out. */
const char *mcpsess_uri_quote(const char *text, char out[48]);

/* Whether text is a scheme: [a-z][a-z0-9+.-]*, at most MCPSESS_SCHEME_MAX. */
int mcpsess_scheme_is_sound(struct mcpsess_bytes text);

#endif

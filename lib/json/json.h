/*
 * JSON without a tree: one validating scan that yields slices, and small readers for what has
 * passed it. RFC 8259.
 *
 * A "text" is any bytes. A "value" is the slice of one value in a text that a scan has accepted,
 * without surrounding white space; readers of values trust that and check nothing.
 */
#ifndef MCPSESS_JSON_JSON_H
#define MCPSESS_JSON_JSON_H

#include "base/buffer.h"

/*
 * A member to find: by its name in the object found for wants[parent], or in the root object when
 * parent is -1. A parent stands before its children.
 */
struct mcpsess_json_want {
	int parent;
	const char *name;
};

/*
 * Check that text is one JSON value in UTF-8, nested at most max_depth deep (a scalar is 0, [] is
 * 1), and put the value of each want into found (data NULL: absent). Names are compared unescaped.
 * At most 32 wants.
 *
 * OK; INVALID: not JSON; TOOBIG: nested too deep; EXISTS: a wanted member came twice, so readers
 * might differ about it. 512 levels are the most that max_depth can allow.
 *
 * A lone surrogate ("\ud800") is JSON, by its grammar (RFC 8259, 8.2), and is kept as it came:
 * JavaScript sends it, and what was stored before stays readable. Compared, it is U+FFFD.
 */
int mcpsess_json_scan(struct mcpsess_bytes text, size_t max_depth,
	const struct mcpsess_json_want *wants, size_t count, struct mcpsess_bytes *found);

/* As a scan without wants; on OK *value is the value without surrounding white space. */
int mcpsess_json_check(struct mcpsess_bytes text, size_t max_depth, struct mcpsess_bytes *value);

enum mcpsess_json_type {
	MCPSESS_JSON_NONE, /* an empty slice */
	MCPSESS_JSON_OBJECT,
	MCPSESS_JSON_ARRAY,
	MCPSESS_JSON_STRING,
	MCPSESS_JSON_NUMBER,
	MCPSESS_JSON_TRUE,
	MCPSESS_JSON_FALSE,
	MCPSESS_JSON_NULL,
};

enum mcpsess_json_type mcpsess_json_type(struct mcpsess_bytes value);

/*
 * Walk an object or array: zero the walk, set within, call next until it returns 0. name is the
 * string with its quotes, empty in an array.
 */
struct mcpsess_json_walk {
	struct mcpsess_bytes within;
	size_t at;
	struct mcpsess_bytes name;
	struct mcpsess_bytes value;
};

int mcpsess_json_next(struct mcpsess_json_walk *walk);

/* The first member of that name, empty when there is none or it is no object. */
struct mcpsess_bytes mcpsess_json_member(struct mcpsess_bytes object, struct mcpsess_bytes name);

/* Whether a value is a string that, unescaped, is text. */
int mcpsess_json_is(struct mcpsess_bytes value, struct mcpsess_bytes text);

/*
 * A string unescaped: a slice of the value itself where nothing is escaped, else appended to
 * buffer, and there until that grows again. Empty for other types and without memory
 * (buffer->failed). A lone surrogate becomes U+FFFD.
 */
struct mcpsess_bytes mcpsess_json_string(struct mcpsess_bytes value, struct mcpsess_buffer *buffer);

/* An integer in 64 bits: OK, or INVALID for anything else. */
int mcpsess_json_integer(struct mcpsess_bytes value, int64_t *out);

/* Append text as a string with quotes and escapes; bytes that are not UTF-8 become U+FFFD. */
void mcpsess_json_quote(struct mcpsess_buffer *buffer, struct mcpsess_bytes text);

#endif

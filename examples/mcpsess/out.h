/* JSON and text for people. */
#ifndef EXAMPLES_MCPSESS_OUT_H
#define EXAMPLES_MCPSESS_OUT_H

#include <stdio.h>

#include <mcpsess/types.h>

/* Zero it and set file. */
struct json {
	FILE *file;
	int follows; /* a comma comes before the next value */
};

/* A name of NULL: an element of an array, or the whole. bracket is { or [, and } or ]. */
void json_begin(struct json *json, const char *name, char bracket);
void json_end(struct json *json, char bracket);
void json_text(struct json *json, const char *name, struct mcpsess_bytes text);
void json_number(struct json *json, const char *name, uint64_t number);
void json_real(struct json *json, const char *name, double number);
void json_true(struct json *json, const char *name, int is_true);
void json_null(struct json *json, const char *name);
/* What is JSON already. */
void json_raw(struct json *json, const char *name, struct mcpsess_bytes text);
/* A point in time, 0 for never, which is null. */
void json_time(struct json *json, const char *name, uint64_t ms);

/* What came from a client, with nothing in it that a terminal would obey. */
void out_clean(FILE *file, struct mcpsess_bytes text);

/* A word that a shell takes as it is, in quotes. */
void out_quoted(FILE *file, const char *word);

/* A duration: "45s", "12m", "3h", "2d". */
const char *out_span(uint64_t ms, char out[24]);
/* Bytes: "512", "1.5K", "2.0M". */
const char *out_size(uint64_t bytes, char out[24]);
/* What is left until a point in time; "never" for 0. */
const char *out_left(uint64_t until_ms, uint64_t now_ms, char out[24]);
/* A point in time as ISO 8601; "never" for 0. */
const char *out_time(uint64_t ms, char out[24]);
/* "active" and its like; kinds likewise. */
const char *out_state(uint32_t state);
const char *out_kind(uint32_t kind);

#endif

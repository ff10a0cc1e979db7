/* What one JSON-RPC message says, as slices of it. JSON-RPC 2.0, sections 4 and 5. */
#ifndef MCPSESS_RPC_ENVELOPE_H
#define MCPSESS_RPC_ENVELOPE_H

#include <mcpsess/rpc.h>

#include "base/buffer.h"
#include "json/json.h"

/* Tools ask for one argument after the other: what is met on the way to one is kept. */
enum { MCPSESS_ARGUMENTS_KNOWN = 8 };

struct mcpsess_argument {
	struct mcpsess_bytes name; /* with its quotes */
	struct mcpsess_bytes value;
};

struct mcpsess_envelope {
	enum mcpsess_kind kind;
	struct mcpsess_bytes id;     /* JSON text; empty: none, or unreadable */
	struct mcpsess_bytes method; /* unescaped */
	struct mcpsess_bytes
		params;             /* JSON text, "{}" when absent; result or error of a response */
	struct mcpsess_bytes name;  /* params.name unescaped; empty: none */
	struct mcpsess_bytes claim; /* the protocol version that _meta claims; data NULL: none */
	struct mcpsess_json_walk arguments; /* over params.arguments, behind the last of known */
	struct mcpsess_argument known[MCPSESS_ARGUMENTS_KNOWN]; /* the first ones */
	size_t known_count;
	struct mcpsess_buffer method_text, name_text; /* where unescaping needed room */
};

void mcpsess_envelope_init(struct mcpsess_envelope *envelope, const struct mcpsess_env *env);
void mcpsess_envelope_free(struct mcpsess_envelope *envelope);

/*
 * Read a message. OK; or what is wrong, with *code the JSON-RPC error and *why a text: INVALID
 * (not JSON, not JSON-RPC), TOOBIG (too deep), NOMEM. The id is set wherever it could be read.
 */
int mcpsess_envelope_read(struct mcpsess_envelope *envelope, struct mcpsess_bytes text,
	size_t max_depth, int *code, const char **why);

/* The JSON text of params.arguments[name]; empty: none. */
struct mcpsess_bytes mcpsess_envelope_argument(
	struct mcpsess_envelope *envelope, struct mcpsess_bytes name);

#endif

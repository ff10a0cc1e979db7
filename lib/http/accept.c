#include "http/accept.h"

#include "http/text.h"

/* How closely a range names a type. The closest range decides; RFC 9110, 12.5.1. */
enum { FIT_NONE, FIT_ANY, FIT_TYPE, FIT_EXACT };

struct fit {
	int closeness;
	int wanted;
};

int mcpsess_http_is_json(struct mcpsess_bytes content_type)
{
	size_t end = mcpsess_http_find(content_type, ';');
	struct mcpsess_bytes type = mcpsess_http_trim(mcpsess_mem(content_type.data, end));
	return mcpsess_http_same(type, mcpsess_str("application/json"));
}

/* A weight of "0", "0.", "0.000"; what is no weight at all refuses nothing. */
static int is_zero(struct mcpsess_bytes weight)
{
	const char *at = weight.data;
	if (weight.len == 0 || at[0] != '0') {
		return 0;
	}
	for (size_t i = 1; i < weight.len; i++) {
		if (at[i] != '0' && at[i] != '.') {
			return 0;
		}
	}
	return 1;
}

static int is_wanted(struct mcpsess_bytes parameters)
{
	struct mcpsess_bytes one;
	while (mcpsess_http_next(&parameters, ';', &one)) {
		size_t equals = mcpsess_http_find(one, '=');
		struct mcpsess_bytes name = mcpsess_http_trim(mcpsess_mem(one.data, equals));
		if (equals < one.len && mcpsess_http_same(name, mcpsess_str("q"))) {
			return !is_zero(mcpsess_http_trim(mcpsess_http_from(one, equals + 1)));
		}
	}
	return 1;
}

static int closeness(struct mcpsess_bytes range, const char *type)
{
	if (mcpsess_http_same(range, mcpsess_str("*/*"))) {
		return FIT_ANY;
	}
	if (mcpsess_http_same(range, mcpsess_str(type))) {
		return FIT_EXACT;
	}
	size_t slash = mcpsess_http_find(range, '/');
	struct mcpsess_bytes family = mcpsess_mem(type, mcpsess_http_find(mcpsess_str(type), '/'));
	return slash + 2 == range.len && ((const char *)range.data)[slash + 1] == '*' &&
			       mcpsess_http_same(mcpsess_mem(range.data, slash), family)
		       ? FIT_TYPE
		       : FIT_NONE;
}

static void weigh(struct fit *fit, int close, int wanted)
{
	if (close > fit->closeness) {
		fit->closeness = close;
		fit->wanted = wanted;
	} else if (close != FIT_NONE && close == fit->closeness) {
		fit->wanted |= wanted;
	}
}

struct mcpsess_http_accept mcpsess_http_accept(struct mcpsess_bytes header)
{
	static const char as_clients_write_it[] = "application/json, text/event-stream";
	struct fit json = { 0 }, sse = { 0 };
	struct mcpsess_bytes one;
	int count = 0;
	if (mcpsess_bytes_equal(header, mcpsess_str(as_clients_write_it))) {
		return (struct mcpsess_http_accept){ 1, 1, 1 };
	}
	while (mcpsess_http_next(&header, ',', &one)) {
		size_t end = mcpsess_http_find(one, ';');
		struct mcpsess_bytes range = mcpsess_http_trim(mcpsess_mem(one.data, end));
		int wanted = is_wanted(mcpsess_http_from(one, end));
		weigh(&json, closeness(range, "application/json"), wanted);
		weigh(&sse, closeness(range, "text/event-stream"), wanted);
		count++;
	}
	struct mcpsess_http_accept accept = { json.wanted, sse.wanted,
		sse.wanted && sse.closeness > FIT_ANY };
	if (count == 0) {
		accept.json = accept.sse = 1;
	}
	return accept;
}

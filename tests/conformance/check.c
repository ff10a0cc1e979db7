#include "kit.h"

#include <stdarg.h>

int mcpsess_kit_fail(struct mcpsess_kit *kit, const char *format, ...)
{
	if (!kit->failed) {
		kit->failed = 1;
		va_list args;
		va_start(args, format);
		vsnprintf(kit->failure, sizeof(kit->failure), format, args);
		va_end(args);
	}
	return 0;
}

static const char *said(const struct mcpsess_kit *kit, int status)
{
	return status < 0 && kit->error.text[0] != '\0' ? kit->error.text
							: mcpsess_strerror(status);
}

int mcpsess_kit_want(struct mcpsess_kit *kit, int got, int wanted, const char *promise)
{
	return got == wanted ||
	       mcpsess_kit_fail(kit, "%s: wanted %s, came %s (%s)", promise,
		       mcpsess_status_name(wanted), mcpsess_status_name(got), said(kit, got));
}

int mcpsess_kit_gone(struct mcpsess_kit *kit, int got, int wanted, const char *promise)
{
	if (kit->run->can & MCP_SESSION_STORE_CAN_TOMBSTONE) {
		return mcpsess_kit_want(kit, got, wanted, promise);
	}
	return got == MCPSESS_E_NOTFOUND || got == wanted ||
	       mcpsess_kit_fail(kit, "%s: wanted NOTFOUND or %s, came %s (%s)", promise,
		       mcpsess_status_name(wanted), mcpsess_status_name(got), said(kit, got));
}

int mcpsess_kit_same(struct mcpsess_kit *kit, uint64_t got, uint64_t wanted, const char *promise)
{
	return got == wanted || mcpsess_kit_fail(kit, "%s: wanted %llu, came %llu", promise,
					(unsigned long long)wanted, (unsigned long long)got);
}

int mcpsess_kit_near(
	struct mcpsess_kit *kit, uint64_t got, uint64_t wanted, uint64_t slack, const char *promise)
{
	return (got + slack >= wanted && got <= wanted + slack) ||
	       mcpsess_kit_fail(kit, "%s: wanted %llu give or take %llu, came %llu", promise,
		       (unsigned long long)wanted, (unsigned long long)slack,
		       (unsigned long long)got);
}

int mcpsess_kit_held(
	struct mcpsess_kit *kit, int got, int wanted, uint64_t until_ms, const char *promise)
{
	if (got == wanted) {
		return 1;
	}
	char text[sizeof(kit->error.text)];
	snprintf(text, sizeof(text), "%s", said(kit, got));
	uint64_t now_ms = mcpsess_kit_now(kit);
	if (now_ms >= until_ms) {
		kit->too_slow = 1;
		return 0;
	}
	return mcpsess_kit_fail(kit, "%s: wanted %s, came %s (%s), %llu ms before its end", promise,
		mcpsess_status_name(wanted), mcpsess_status_name(got), text,
		(unsigned long long)(until_ms - now_ms));
}

int mcpsess_kit_served(struct mcpsess_kit *kit, int got, uint64_t until_ms, const char *promise)
{
	return mcpsess_kit_held(kit, got, MCPSESS_OK, until_ms, promise);
}

static const char *changed_field(
	const struct mcp_session_store_answer *a, const struct mcp_session_store_answer *b)
{
	if (a->revision != b->revision) {
		return "revision";
	}
	if (!mcpsess_bytes_equal(a->payload, b->payload)) {
		return "payload";
	}
	if (a->kind != b->kind || a->state != b->state) {
		return "kind or state";
	}
	if (memcmp(&a->owner, &b->owner, sizeof(a->owner)) != 0) {
		return "owner";
	}
	if (a->created_ms != b->created_ms || a->deadline_ms != b->deadline_ms) {
		return "creation or deadline";
	}
	if (a->expires_ms != b->expires_ms) {
		return "idle expiry";
	}
	return a->requests != b->requests ? "count of requests" : NULL;
}

int mcpsess_kit_unchanged(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask,
	const struct mcp_session_store_answer *before, const char *promise)
{
	int status = mcpsess_kit_do(kit, KIT_GET, ask);
	if (!mcpsess_kit_want(kit, status, MCPSESS_OK, promise)) {
		return 0;
	}
	const char *field = changed_field(before, &kit->answer);
	return field == NULL || mcpsess_kit_fail(kit, "%s: its %s changed", promise, field);
}

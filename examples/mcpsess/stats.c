/* mcpsess stats. */
#include <inttypes.h>

#include "out.h"
#include "tool.h"

static const struct {
	uint32_t bit;
	const char *name;
} abilities[] = {
	{ MCP_SESSION_STORE_CAN_PEND, "pend" },
	{ MCP_SESSION_STORE_CAN_THREADS, "threads" },
	{ MCP_SESSION_STORE_CAN_SHARE, "share" },
	{ MCP_SESSION_STORE_CAN_TOMBSTONE, "tombstone" },
	{ MCP_SESSION_STORE_CAN_LIMIT, "limit" },
	{ MCP_SESSION_STORE_CAN_OPERATION, "operation" },
	{ MCP_SESSION_STORE_CAN_COUNT, "count" },
	{ MCP_SESSION_STORE_CAN_LIST, "list" },
	{ MCP_SESSION_STORE_CAN_SWEEP, "sweep" },
	{ MCP_SESSION_STORE_CAN_STATS, "stats" },
	{ MCP_SESSION_STORE_CAN_ROTATE, "rotate" },
	{ MCP_SESSION_STORE_CAN_END_OWNER, "end-owner" },
	{ MCP_SESSION_STORE_CAN_ONCE, "once" },
	{ MCP_SESSION_STORE_CAN_PING, "ping" },
};

enum { ABILITIES = sizeof(abilities) / sizeof(abilities[0]) };

struct figures {
	const char *scheme;
	uint32_t can;
	uint64_t answer_us; /* of one round trip */
	int has_stats;      /* else they were counted one by one */
	struct mcp_session_store_counts stats;
};

static void print_json(const struct figures *figures)
{
	struct json json = { .file = stdout };
	json_begin(&json, NULL, '{');
	json_text(&json, "scheme", mcpsess_str(figures->scheme));
	json_number(&json, "sessions", figures->stats.sessions);
	if (figures->has_stats) {
		json_number(&json, "tombstones", figures->stats.tombstones);
	} else {
		json_null(&json, "tombstones");
	}
	json_number(&json, "bytes", figures->stats.bytes);
	json_number(&json, "answer_us", figures->answer_us);
	json_begin(&json, "can", '[');
	for (size_t i = 0; i < ABILITIES; i++) {
		if ((figures->can & abilities[i].bit) != 0) {
			json_text(&json, NULL, mcpsess_str(abilities[i].name));
		}
	}
	json_end(&json, ']');
	json_end(&json, '}');
	puts("");
}

static void print_text(const struct figures *figures)
{
	char size[24];
	printf("%-12s%s\n", "store", figures->scheme);
	printf("%-12s%" PRIu64 "\n", "sessions", figures->stats.sessions);
	if (figures->has_stats) {
		printf("%-12s%" PRIu64 "\n", "tombstones", figures->stats.tombstones);
	}
	printf("%-12s%s\n", "bytes", out_size(figures->stats.bytes, size));
	printf("%-12s%.3f ms\n", "answers in", (double)figures->answer_us / 1000);
	printf("%-12s", "can");
	for (size_t i = 0; i < ABILITIES; i++) {
		if ((figures->can & abilities[i].bit) != 0) {
			printf("%s ", abilities[i].name);
		}
	}
	puts("");
}

/* One round trip, once the connection is there. */
static int measure(struct mcp_session_store *store, uint64_t *us, struct mcpsess_error *err)
{
	int status = MCPSESS_OK;
	for (int i = 0; i < 2 && status == MCPSESS_OK; i++) {
		uint64_t start = tool_us();
		status = tool_ask(store, err);
		*us = tool_us() - start;
	}
	return status;
}

static int add(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	struct mcp_session_store_counts *stats = to;
	(void)now_ms;
	stats->sessions++;
	stats->bytes += entry->payload_len;
	if (stats->sessions % 1000 == 0) {
		tool_progress("%" PRIu64 " sessions", stats->sessions);
	}
	return 1;
}

static int count(
	struct mcp_session_store *store, struct figures *figures, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	request.page = MCP_SESSION_STORE_PAGE_MAX;
	figures->has_stats = (figures->can & MCP_SESSION_STORE_CAN_STATS) != 0;
	int status = figures->has_stats ? mcp_session_store_stats(store, &figures->stats)
					: tool_walk(store, &request, 0, add, &figures->stats, err);
	tool_progress(NULL);
	return status;
}

int command_stats(struct tool *tool)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	struct figures figures = { 0 };
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	figures.scheme = mcp_session_store_scheme(store);
	figures.can = mcp_session_store_can(store);
	status = measure(store, &figures.answer_us, &err);
	if (status == MCPSESS_OK) {
		status = count(store, &figures, &err);
	}
	if (status < 0) {
		status = tool_fail(tool, status, &err);
	} else if (tool->json) {
		print_json(&figures);
	} else {
		print_text(&figures);
	}
	mcp_session_store_close(store);
	return status;
}

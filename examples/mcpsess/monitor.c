/*
 * mcpsess monitor: what a store holds and how that changes, look by look. A terminal is drawn anew,
 * and its keys are heard; elsewhere each look is a line.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "out.h"
#include "screen.h"
#include "snapshot.h"
#include "tool.h"

enum { ROWS_MAX = 40, ROWS_ABOVE = 8 };

struct look {
	const struct tool *tool;
	struct mcp_session_store *store;
	struct snapshot before, now; /* now is the last that could be taken */
	struct changes changes;
	struct mcp_session_store_counts stats;
	uint64_t took_us, at_us, before_us;
	uint64_t had; /* sessions, at the look before */
	unsigned long looks, errors;
	int status;
	int has_rates;
	struct mcpsess_error err; /* the last one */
};

static uint64_t sessions(const struct look *look)
{
	return look->now.is_partial && look->stats.sessions > look->now.count ? look->stats.sessions
									      : look->now.count;
}

static int counts(const struct look *look)
{
	return (mcp_session_store_can(look->store) & MCP_SESSION_STORE_CAN_STATS) != 0;
}

/* As stats has them, which a look that is partial has not. */
static uint64_t bytes(const struct look *look)
{
	return counts(look) ? look->stats.bytes : look->now.bytes;
}

/* Keys are digests, so what was read stands for the rest; what is missing of the sum has ended. */
static void estimate(struct look *look)
{
	struct changes *changes = &look->changes;
	int is_partial = look->before.is_partial || look->now.is_partial;
	if (!is_partial || look->now.count == 0) {
		return;
	}
	double share = (double)sessions(look) / (double)look->now.count;
	changes->created = (uint64_t)((double)changes->created * share);
	changes->requests = (uint64_t)((double)changes->requests * share);
	changes->writes = (uint64_t)((double)changes->writes * share);
	uint64_t sum = look->had + changes->created;
	changes->ended = sum > sessions(look) ? sum - sessions(look) : 0;
}

static void look(struct look *look)
{
	struct snapshot taken = look->before;
	uint64_t at_us = tool_us();
	look->had = sessions(look);
	look->status = snapshot_take(&taken, look->store, &look->err);
	look->took_us = tool_us() - at_us;
	if (look->status == MCPSESS_OK && counts(look)) {
		look->status = mcp_session_store_stats(look->store, &look->stats);
	}
	look->looks++;
	look->has_rates = 0;
	if (look->status == MCPSESS_OK) {
		look->before = look->now;
		look->before_us = look->at_us;
		look->now = taken;
		look->at_us = at_us;
		look->has_rates = look->before_us > 0;
	} else {
		look->before = taken; /* its memory, for the next look */
	}
	if (look->has_rates) {
		snapshot_compare(&look->before, &look->now, &look->changes);
		estimate(look);
	}
	if (look->status < 0) {
		look->errors++;
		if (look->err.status != look->status) {
			snprintf(look->err.text, sizeof(look->err.text), "%s",
				mcpsess_strerror(look->status));
		}
	}
}

static double rate(const struct look *look, uint64_t count)
{
	uint64_t us = look->at_us - look->before_us;
	return us > 0 ? (double)count * 1e6 / (double)us : 0;
}

/* -- a line each ------------------------------------------------------------------------------ */

static const char *wall_time(char out[24])
{
	return out_time((uint64_t)time(NULL) * 1000, out);
}

static void write_line(const struct look *look)
{
	struct json json = { .file = stdout };
	char time[24];
	json_begin(&json, NULL, '{');
	json_text(&json, "time", mcpsess_str(wall_time(time)));
	json_text(&json, "status", mcpsess_str(mcpsess_status_name(look->status)));
	json_number(&json, "errors", look->errors);
	if (look->status == MCPSESS_OK) {
		json_number(&json, "sessions", sessions(look));
		json_number(&json, "initializing", look->now.states[0]);
		json_number(&json, "active", look->now.states[1]);
		json_number(&json, "bytes", bytes(look));
		json_true(&json, "partial", look->now.is_partial);
		json_real(&json, "look_ms", (double)look->took_us / 1000);
	} else {
		json_text(&json, "text", mcpsess_str(look->err.text));
	}
	if (look->has_rates) {
		json_real(&json, "created_per_second", rate(look, look->changes.created));
		json_real(&json, "ended_per_second", rate(look, look->changes.ended));
		json_real(&json, "requests_per_second", rate(look, look->changes.requests));
		json_real(&json, "writes_per_second", rate(look, look->changes.writes));
	}
	json_end(&json, '}');
	puts("");
}

static void print_line(const struct look *look)
{
	char time[24];
	printf("%s status=%s errors=%lu", wall_time(time), mcpsess_status_name(look->status),
		look->errors);
	if (look->status == MCPSESS_OK) {
		printf(" sessions=%" PRIu64 " active%s%" PRIu64 " bytes=%" PRIu64 " look_ms=%.1f",
			sessions(look), look->now.is_partial ? ">=" : "=", look->now.states[1],
			bytes(look), (double)look->took_us / 1000);
	} else {
		printf(" text=\"");
		out_clean(stdout, mcpsess_str(look->err.text));
		putchar('"');
	}
	if (look->has_rates) {
		printf(" created/s=%.1f ended/s=%.1f requests/s=%.1f writes/s=%.1f",
			rate(look, look->changes.created), rate(look, look->changes.ended),
			rate(look, look->changes.requests), rate(look, look->changes.writes));
	}
	puts("");
}

/* -- a screen --------------------------------------------------------------------------------- */

static void draw_rows(const struct look *look)
{
	const struct mcp_session_store_entry *rows[ROWS_MAX];
	unsigned height = screen_height();
	size_t room = height > ROWS_ABOVE ? height - ROWS_ABOVE : 0;
	size_t count = snapshot_latest(&look->now, rows, room < ROWS_MAX ? room : ROWS_MAX);
	printf("\033[K\nUSED LAST  STATE           AGE  IDLE LEFT  REQUESTS    BYTES\033[K\n");
	for (size_t i = 0; i < count; i++) {
		char ref[44], age[24], left[24], size[24];
		mcp_session_store_ref(&rows[i]->key, ref);
		uint64_t now_ms = look->now.now_ms;
		uint64_t age_ms = now_ms > rows[i]->created_ms ? now_ms - rows[i]->created_ms : 0;
		printf("%.8s   %-12s  %5s  %9s  %8" PRIu64 "  %7s\033[K\n", ref,
			out_state(rows[i]->state), out_span(age_ms, age),
			out_left(rows[i]->expires_ms, now_ms, left), rows[i]->requests,
			out_size(rows[i]->payload_len, size));
	}
}

static void draw(const struct look *look)
{
	char time[24], size[24];
	printf("\033[Hmcpsess: %s, every %lu s, %s (q ends, space looks)\033[K\n",
		mcp_session_store_scheme(look->store), look->tool->interval, wall_time(time));
	printf("sessions %" PRIu64 " (%s%" PRIu64 " active, %" PRIu64 " initializing), %s\033[K\n",
		sessions(look), look->now.is_partial ? "at least " : "", look->now.states[1],
		look->now.states[0], out_size(bytes(look), size));
	if (look->has_rates) {
		printf("per second: %.1f created, %.1f ended, %.1f requests, %.1f writes\033[K\n",
			rate(look, look->changes.created), rate(look, look->changes.ended),
			rate(look, look->changes.requests), rate(look, look->changes.writes));
	} else {
		printf("per second: %s\033[K\n", look->status < 0 ? "nothing is known" : "...");
	}
	printf("looking took %.1f ms; %lu errors%s%s\033[K\n", (double)look->took_us / 1000,
		look->errors, look->errors > 0 ? ", the last: " : "",
		look->errors > 0 ? look->err.text : "");
	draw_rows(look);
	printf("\033[J");
	fflush(stdout);
}

/* Wait for the next look, doing what keys say meanwhile. 0: there is to be none. */
static int wait_for_next(const struct look *look, const struct screen *screen)
{
	uint64_t until_us = tool_us() + look->tool->interval * 1000000;
	for (uint64_t now_us = tool_us(); now_us < until_us; now_us = tool_us()) {
		int key = screen_wait(screen, (int)((until_us - now_us) / 1000) + 1);
		if (tool_stopping() || key == 'q') {
			return 0;
		}
		if (key == ' ') {
			break;
		}
		if (key == SCREEN_SIGNAL && screen->is_on) {
			draw(look);
		}
	}
	return 1;
}

/* --------------------------------------------------------------------------------------------- */

static void watch(struct look *state, const struct screen *screen)
{
	const struct tool *tool = state->tool;
	do {
		look(state);
		if (tool_stopping()) {
			break;
		}
		if (screen->is_on) {
			draw(state);
		} else if (tool->json) {
			write_line(state);
		} else {
			print_line(state);
		}
		fflush(stdout);
		if (ferror(stdout) || (tool->count > 0 && state->looks >= tool->count)) {
			break;
		}
	} while (wait_for_next(state, screen));
}

int command_monitor(struct tool *tool)
{
	struct look state = { .tool = tool };
	int status = tool_open(tool, &state.store);
	if (status != TOOL_OK) {
		return status;
	}
	if ((mcp_session_store_can(state.store) & MCP_SESSION_STORE_CAN_LIST) == 0) {
		status = tool_fail(tool, MCPSESS_E_UNSUPPORTED, NULL);
		mcp_session_store_close(state.store);
		return status;
	}
	struct screen screen = { .is_on = 0 };
	tool_catch();
	if (!tool->json) {
		screen_begin(&screen);
	}
	watch(&state, &screen);
	screen_end(&screen);
	snapshot_clear(&state.before);
	snapshot_clear(&state.now);
	mcp_session_store_close(state.store);
	return tool_exit(state.status);
}

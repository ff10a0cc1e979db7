/* The text that Prometheus reads: exposition format 0.0.4. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <mcpsess/stats.h>

struct page {
	char *out;
	size_t capacity;
	size_t len; /* what it would be with enough room */
};

__attribute__((format(printf, 2, 3))) static void put(struct page *page, const char *format, ...)
{
	va_list args;
	char *at = page->len < page->capacity ? page->out + page->len : NULL;
	size_t room = at != NULL ? page->capacity - page->len : 0;
	va_start(args, format);
	int len = vsnprintf(at, room, format, args);
	va_end(args);
	page->len += len > 0 ? (size_t)len : 0;
}

static void head(struct page *page, const char *name, const char *type, const char *help)
{
	put(page, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(
	struct page *page, const char *name, const char *type, const char *help, uint64_t value)
{
	head(page, name, type, help);
	put(page, "%s %" PRIu64 "\n", name, value);
}

static void by_cause(struct page *page, const char *name, const char *help,
	const char *const *causes, const uint64_t *values, size_t count)
{
	head(page, name, "counter", help);
	for (size_t i = 0; i < count; i++) {
		put(page, "%s{cause=\"%s\"} %" PRIu64 "\n", name, causes[i], values[i]);
	}
}

static const char *const operations[] = { "store", "get", "touch", "delete", "exists", "list",
	"rotate", "end_owner", "once", "ping" };

/* Results that never came are left out: there would be 160 lines of zeros. */
static void write_operations(struct page *page, const struct mcpsess_stats *stats)
{
#define RESULT_NAME(name, value, text) #name,
	static const char *const results[] = { "OK", MCPSESS_ERRORS(RESULT_NAME) };
#undef RESULT_NAME
	head(page, "mcpsess_store_operations_total", "counter", "Store operations by result");
	for (int i = 0; i < MCPSESS_OPERATION_COUNT; i++) {
		for (int r = 0; r < MCPSESS_RESULT_COUNT; r++) {
			if (r == 0 || stats->operations[i][r] > 0) {
				put(page,
					"mcpsess_store_operations_total{operation=\"%s\",result=\"%"
					"s\"} %" PRIu64 "\n",
					operations[i], results[r], stats->operations[i][r]);
			}
		}
	}
}

static void write_latency(struct page *page, const struct mcpsess_stats *stats)
{
	static const uint64_t bounds[] = MCPSESS_BUCKETS_US;
	head(page, "mcpsess_store_seconds", "histogram", "Time of store operations");
	for (int i = 0; i < MCPSESS_OPERATION_COUNT; i++) {
		uint64_t sum = 0;
		for (int b = 0; b < MCPSESS_BUCKET_COUNT; b++) {
			char bound[32] = "+Inf";
			if (b < MCPSESS_BUCKET_COUNT - 1) {
				snprintf(bound, sizeof(bound), "%g", (double)bounds[b] / 1e6);
			}
			sum += stats->latency[i][b];
			put(page,
				"mcpsess_store_seconds_bucket{operation=\"%s\",le=\"%s\"} %" PRIu64
				"\n",
				operations[i], bound, sum);
		}
		put(page, "mcpsess_store_seconds_sum{operation=\"%s\"} %.6f\n", operations[i],
			(double)stats->latency_us[i] / 1e6);
		put(page, "mcpsess_store_seconds_count{operation=\"%s\"} %" PRIu64 "\n",
			operations[i], sum);
	}
}

size_t mcpsess_stats_prometheus(const struct mcpsess_stats *stats, char *out, size_t capacity)
{
	static const char *const ended[MCPSESS_ENDED_COUNT] = { "deleted", "expired" };
	static const char *const refused[MCPSESS_REFUSED_COUNT] = { "malformed", "toobig",
		"missing", "unknown", "expired", "revoked", "notowner", "limit", "origin", "store",
		"unauthorized", "method", "draining" };
	struct page page = { .out = out, .capacity = capacity };
	number(&page, "mcpsess_sessions_active", "gauge",
		"Sessions alive, initializing ones included", stats->sessions_active);
	number(&page, "mcpsess_sessions_created_total", "counter", "Sessions begun",
		stats->sessions_created);
	by_cause(&page, "mcpsess_sessions_ended_total", "Sessions ended by cause", ended,
		stats->sessions_ended, MCPSESS_ENDED_COUNT);
	by_cause(&page, "mcpsess_refused_total", "Messages refused by cause", refused,
		stats->refused, MCPSESS_REFUSED_COUNT);
	write_operations(&page, stats);
	write_latency(&page, stats);
	number(&page, "mcpsess_conflicts_total", "counter", "Writes that met a newer revision",
		stats->conflicts);
	number(&page, "mcpsess_calls_running", "gauge", "Calls that handlers work on",
		stats->calls_running);
	return page.len;
}

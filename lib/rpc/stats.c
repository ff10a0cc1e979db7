#include "rpc/rpc.h"

void mcpsess_rpc_count_refused(struct mcpsess_rpc *rpc, enum mcpsess_refused cause)
{
	atomic_fetch_add_explicit(&rpc->counters.refused[cause], 1, memory_order_relaxed);
}

static int result_index(int status)
{
#define RESULT_ROW(name, value, text) value,
	static const int statuses[MCPSESS_RESULT_COUNT] = { MCPSESS_OK,
		MCPSESS_ERRORS(RESULT_ROW) };
#undef RESULT_ROW
	for (int i = 0; i < MCPSESS_RESULT_COUNT; i++) {
		if (statuses[i] == status) {
			return i;
		}
	}
	return MCPSESS_RESULT_COUNT - 1;
}

static int bucket_index(uint64_t elapsed_us)
{
	static const uint64_t bounds[] = MCPSESS_BUCKETS_US;
	int i = 0;
	while (i < MCPSESS_BUCKET_COUNT - 1 && elapsed_us > bounds[i]) {
		i++;
	}
	return i;
}

static void add(atomic_uint_fast64_t *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void mcpsess_rpc_observe(void *user_data, enum mcpsess_verb verb, int status, uint64_t elapsed_us)
{
	struct mcpsess_counters *counters = &((struct mcpsess_rpc *)user_data)->counters;
	add(&counters->operations[verb][result_index(status)], 1);
	add(&counters->latency[verb][bucket_index(elapsed_us)], 1);
	if (elapsed_us > 0) {
		add(&counters->latency_us[verb], elapsed_us);
	}
	if (status == MCPSESS_E_CONFLICT) {
		add(&counters->conflicts, 1);
	}
}

static void copy(uint64_t *to, const atomic_uint_fast64_t *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		to[i] = atomic_load_explicit(&from[i], memory_order_relaxed);
	}
}

void mcpsess_rpc_stats(struct mcpsess_rpc *rpc, struct mcpsess_stats *out)
{
	const struct mcpsess_counters *counters = &rpc->counters;
	struct mcp_session_store_counts store = { 0 };
	memset(out, 0, sizeof(*out));
	if (mcpsess_access_stats(&rpc->access, &store) == MCPSESS_OK) {
		out->sessions_active = store.sessions;
		out->sessions_ended[MCPSESS_ENDED_EXPIRED] = store.expired;
	}
	copy(&out->sessions_created, &counters->created, 1);
	copy(&out->sessions_ended[MCPSESS_ENDED_DELETED], &counters->deleted, 1);
	copy(out->refused, counters->refused, MCPSESS_REFUSED_COUNT);
	for (int i = 0; i < MCPSESS_OPERATION_COUNT; i++) {
		copy(out->operations[i], counters->operations[i], MCPSESS_RESULT_COUNT);
		copy(out->latency[i], counters->latency[i], MCPSESS_BUCKET_COUNT);
	}
	copy(out->latency_us, counters->latency_us, MCPSESS_OPERATION_COUNT);
	copy(&out->conflicts, &counters->conflicts, 1);
	copy(&out->calls_running, &rpc->running.count, 1);
}

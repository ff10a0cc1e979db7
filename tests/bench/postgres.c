/*
 * Sessions in PostgreSQL against the raw limit: prepared statements on a connection for each
 * caller. Wall time but where a line says otherwise, in turns; started by postgres.py on a server
 * of its own.
 *
 *   postgres-bench MODULE_DIR URI CONNINFO PID_OF_THE_SERVER
 */
#include <libpq-fe.h>
#include <mcpsess/pool.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "crowd.h"
#include "share.h"

enum { ROWS = 2000, PAYLOAD = 300, CALLS = 2000, TURNS = 15 };

static struct {
	const char *modules, *uri, *info, *pid;
	struct mcpsess_digest keys[ROWS];
	char payload[PAYLOAD];
} at;

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "postgres-bench: %s: %s\n", what, text);
	exit(1);
}

/* -- ours ------------------------------------------------------------------------------------- */

static struct mcp_session_store_pool *open_pool(const char *more)
{
	struct mcp_session_store_options options = {
		.size = sizeof(options), .module_dir = at.modules, .timeout_ms = 20000
	};
	struct mcp_session_store_pool *pool;
	struct mcpsess_error err;
	char uri[2048];
	snprintf(uri, sizeof(uri), "%s%s", at.uri, more);
	if (mcp_session_store_pool_open(uri, &options, 0, &pool, &err) < 0) {
		fail("opening", err.text);
	}
	return pool;
}

static struct mcp_session_store_request request_of(uint64_t row)
{
	struct mcp_session_store_request request = { .key = at.keys[row],
		.flags = MCP_SESSION_STORE_TOUCH,
		.state = MCP_SESSION_STORE_ACTIVE };
	request.payload = mcpsess_mem(at.payload, PAYLOAD);
	return request;
}

static void must(int status, const char *what)
{
	if (status != MCPSESS_OK) {
		fail(what, mcpsess_status_name(status));
	}
}

static void our_get(void *context, uint64_t random)
{
	struct mcp_session_store_request request = request_of(random % ROWS);
	must(mcp_session_store_pool_get(context, &request, NULL, NULL), "get");
}

static void our_touch(void *context, uint64_t random)
{
	struct mcp_session_store_request request = request_of(random % ROWS);
	request.idle_ms = 600000; /* more than they have */
	must(mcp_session_store_pool_touch(context, &request, NULL, NULL), "touch");
}

static void fill(struct mcp_session_store_pool *pool, const char *tenant)
{
	memset(at.payload, 'x', PAYLOAD);
	for (unsigned i = 0; i < ROWS; i++) {
		mcp_session_store_key(mcpsess_str(tenant), mcpsess_mem(&i, sizeof(i)), &at.keys[i]);
		struct mcp_session_store_request request = request_of(i);
		must(mcp_session_store_pool_store(pool, &request, NULL, NULL), "create");
	}
}

/* -- the reference ---------------------------------------------------------------------------- */

static const char *const statements[][2] = {
	{ "get", "select revision, expires_ms, data from raw where key = $1 "
		 "and expires_ms > date_part('epoch', now()) * 1000" },
	{ "record", "select x.revision, x.created_ms, x.seen_ms, x.expires_ms, x.deadline_ms, "
		    "x.requests, x.first_ms, x.last_ms, x.kind, x.state, x.owner, d.data "
		    "from mcpsess.session x join mcpsess.state d on d.key = x.key where x.key = $1 "
		    "and x.expires_ms > date_part('epoch', now()) * 1000" },
	{ "many", "select u.i, x.revision, x.created_ms, x.seen_ms, x.expires_ms, x.deadline_ms, "
		  "x.requests, x.first_ms, x.last_ms, x.kind, x.state, x.owner, d.data "
		  "from unnest($1::bytea[]) with ordinality u(k, i) join mcpsess.session x "
		  "on x.key = u.k join mcpsess.state d on d.key = u.k "
		  "where x.expires_ms > date_part('epoch', now()) * 1000" },
	{ "touch", "update raw set expires_ms = (date_part('epoch', now()) * 1000 + "
		   "600000)::bigint where key = $1 and expires_ms > "
		   "date_part('epoch', now()) * 1000 returning revision" },
	{ "write", "update raw set revision = revision + 1, data = $2 where key = $1 "
		   "and revision >= 1 returning revision" },
};

static PGconn *dial(void)
{
	PGconn *conn = PQconnectdb(at.info);
	PQclear(PQexec(conn, "set synchronous_commit = off"));
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		PGresult *result = PQprepare(conn, statements[i][0], statements[i][1], 0, NULL);
		if (PQresultStatus(result) != PGRES_COMMAND_OK) {
			fail("prepare", PQerrorMessage(conn));
		}
		PQclear(result);
	}
	return conn;
}

static void run_sql(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		fail(sql, PQerrorMessage(conn));
	}
	PQclear(result);
}

static void fill_raw(PGconn *conn)
{
	const char *values[] = { NULL, at.payload };
	const int lengths[] = { 32, PAYLOAD }, formats[] = { 1, 1 };
	for (int i = 0; i < ROWS; i++) {
		values[0] = (const char *)at.keys[i].bytes;
		PQclear(PQexecParams(conn, "insert into raw values ($1, 1, 99999999999999, $2)", 2,
			NULL, values, lengths, formats, 1));
	}
	run_sql(conn, "vacuum analyze");
}

static void raw(PGconn *conn, const char *statement, uint64_t row)
{
	const char *values[] = { (const char *)at.keys[row].bytes, at.payload };
	const int lengths[] = { 32, PAYLOAD }, formats[] = { 1, 1 };
	int writes = strcmp(statement, "write") == 0;
	PGresult *result = PQexecPrepared(conn, statement, 1 + writes, values, lengths, formats, 1);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
		fail(statement, PQerrorMessage(conn));
	}
	PQclear(result);
}

static void raw_get(void *context, uint64_t random)
{
	raw(context, "get", random % ROWS);
}

static void raw_record(void *context, uint64_t random)
{
	raw(context, "record", random % ROWS);
}

static void raw_touch(void *context, uint64_t random)
{
	raw(context, "touch", random % ROWS);
}

static void raw_write(void *context, uint64_t random)
{
	raw(context, "write", random % ROWS);
}

/* For many in one statement a plan must be one of look-ups, and made before anybody asks. */
static PGconn *dial_to_share(void)
{
	PGconn *conn = dial();
	run_sql(conn, "set plan_cache_mode = force_generic_plan");
	run_sql(conn, "set enable_seqscan = off");
	run_sql(conn, "set enable_hashjoin = off");
	run_sql(conn, "set enable_mergejoin = off");
	return conn;
}

static void serve(void *conn, struct share_call *first)
{
	enum { ENTRY = sizeof(uint32_t) + sizeof(struct mcpsess_digest), BYTEA = 17 };
	static _Thread_local unsigned char array[5 * sizeof(uint32_t) + CROWD_MAX * ENTRY];
	const char *values[] = { (const char *)array };
	const int formats[] = { 1 };
	unsigned char *end = array + 5 * sizeof(uint32_t);
	uint32_t count = 0, size = htonl(sizeof(struct mcpsess_digest));
	for (const struct share_call *one = first; one != NULL; one = one->next, count++) {
		memcpy(end, &size, sizeof(size));
		memcpy(end + sizeof(size), &at.keys[one->what], sizeof(struct mcpsess_digest));
		end += ENTRY;
	}
	const uint32_t header[] = { htonl(1), 0, htonl(BYTEA), htonl(count), htonl(1) };
	memcpy(array, header, sizeof(header));
	PGresult *result = PQexecPrepared(
		conn, "many", 1, values, (const int[]){ (int)(end - array) }, formats, 1);
	if (PQresultStatus(result) != PGRES_TUPLES_OK || (uint32_t)PQntuples(result) != count) {
		fail("many", PQerrorMessage(conn));
	}
	PQclear(result);
}

static void shared_get(void *context, uint64_t random)
{
	static atomic_uint callers;
	static _Thread_local unsigned number;
	number = number > 0 ? number : 1 + atomic_fetch_add(&callers, 1);
	share_ask(context, number, (unsigned)(random % ROWS));
}

static double ask(const char *sql)
{
	PGconn *conn = PQconnectdb(at.info);
	PGresult *result = PQexec(conn, sql);
	if (PQntuples(result) != 1) {
		fail(sql, PQerrorMessage(conn));
	}
	double value = atof(PQgetvalue(result, 0, 0));
	PQclear(result);
	PQfinish(conn);
	return value;
}

/* -- the server ------------------------------------------------------------------------------- */

/* With each process that the server has now. */
static void each_process(void (*with)(long pid, double *sum), double *sum)
{
	char name[96];
	long pid;
	snprintf(name, sizeof(name), "/proc/%s/task/%s/children", at.pid, at.pid);
	FILE *list = fopen(name, "r");
	if (list == NULL) {
		fail("server", "no such process");
	}
	while (fscanf(list, "%ld", &pid) == 1) {
		with(pid, sum);
	}
	fclose(list);
}

static void add_cpu_ns(long pid, double *sum)
{
	char name[96];
	unsigned long long ns = 0;
	snprintf(name, sizeof(name), "/proc/%ld/schedstat", pid);
	FILE *file = fopen(name, "r");
	if (file != NULL && fscanf(file, "%llu", &ns) == 1) {
		*sum += (double)ns;
	}
	if (file != NULL) {
		fclose(file);
	}
}

static double server_cpu_ns(void)
{
	double sum = 0;
	each_process(add_cpu_ns, &sum);
	return sum;
}

/* Where two processors take turns, who wakes whom on which decides what a read costs. */
static void pin(long pid, double *sum)
{
	cpu_set_t first;
	(void)sum;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity((pid_t)pid, sizeof(first), &first);
}

/* -- many callers ------------------------------------------------------------------------------ */

static void open_ours(void *contexts[], unsigned callers)
{
	crowd_share(contexts, callers, open_pool(""));
}

static void open_due(void *contexts[], unsigned callers)
{
	crowd_share(contexts, callers, open_pool("&touch_every=0"));
}

static void close_ours(void *contexts[], unsigned callers)
{
	(void)callers;
	mcp_session_store_pool_close(contexts[0]);
}

static void open_each(void *contexts[], unsigned callers)
{
	for (unsigned i = 0; i < callers; i++) {
		contexts[i] = dial();
	}
}

static void close_each(void *contexts[], unsigned callers)
{
	for (unsigned i = 0; i < callers; i++) {
		PQfinish(contexts[i]);
	}
}

static void open_shared(void *contexts[], unsigned callers)
{
	static struct share share = { .serve = serve };
	void *conns[] = { dial_to_share(), dial_to_share() };
	share_begin(&share, conns, 2);
	crowd_share(contexts, callers, &share);
}

static void close_shared(void *contexts[], unsigned callers)
{
	const struct share *share = contexts[0];
	(void)callers;
	for (unsigned i = 0; i < share->count; i++) {
		PQfinish(share->ways[i].connection);
	}
}

static void print(const char *what, unsigned callers, const char *unit, double value,
	double reference, const char *goal)
{
	char name[80];
	snprintf(name, sizeof(name), "%s, %u callers: %s", what, callers, unit);
	bench_line(name, value, reference, goal);
}

/* A get of ours, a SELECT of the same record, one of a single narrow row, and bare sharing. */
static void reads(void)
{
	static const struct {
		unsigned callers;
		const char *goal, *goal_p99;
	} crowds[] = { { 1, "", "" }, { 8, ">= 1.5", "" }, { 32, ">= 2.8", "<= 0.3" },
		{ 128, ">= 4.5", "<= 0.1" } };
	static const struct crowd_side sides[] = { { open_ours, close_ours, our_get },
		{ open_each, close_each, raw_record }, { open_each, close_each, raw_get },
		{ open_shared, close_shared, shared_get } };
	for (size_t i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
		struct crowd_figures m[4];
		unsigned callers = crowds[i].callers;
		crowd_measure(sides, 4, callers, server_cpu_ns, m);
		print("get", callers, "1/s", m[0].rate, m[1].rate, crowds[i].goal);
		print("get", callers, "p99, us", m[0].p99_us, m[1].p99_us, crowds[i].goal_p99);
		print("get", callers, "server CPU, us", m[0].server_us, m[1].server_us, "");
		print("  of one narrow row", callers, "1/s", m[0].rate, m[2].rate, "");
		print("  bare sharing", callers, "1/s", m[3].rate, m[1].rate, "");
		print("  bare sharing", callers, "p99, us", m[3].p99_us, m[1].p99_us, "");
	}
}

static void touches(void)
{
	static const unsigned crowds[] = { 1, 8, 32, 128 };
	static const struct crowd_side sides[] = { { open_due, close_ours, our_touch },
		{ open_each, close_each, raw_touch } };
	for (size_t i = 0; i < sizeof(crowds) / sizeof(crowds[0]); i++) {
		struct crowd_figures m[2];
		crowd_measure(sides, 2, crowds[i], server_cpu_ns, m);
		print("touch that is due", crowds[i], "1/s", m[0].rate, m[1].rate, "");
		print("touch that is due", crowds[i], "p99, us", m[0].p99_us, m[1].p99_us, "");
	}
}

/* -- writes ------------------------------------------------------------------------------------ */

static void write_once(struct mcp_session_store_pool *pool, uint64_t revision, unsigned row)
{
	struct mcp_session_store_request request = request_of(row);
	request.revision = revision;
	must(mcp_session_store_pool_store(pool, &request, NULL, NULL), "update");
}

static void compare_and_set(PGconn *conn)
{
	struct mcp_session_store_pool *pool = open_pool("&synchronous_commit=off");
	static double ours[CALLS], reference[CALLS];
	for (unsigned i = 0; i < CALLS; i++) {
		double start = bench_now_ns();
		write_once(pool, 1, i % ROWS);
		double middle = bench_now_ns();
		raw_write(conn, i % ROWS);
		ours[i] = (middle - start) / 1000;
		reference[i] = (bench_now_ns() - middle) / 1000;
	}
	bench_line("compare-and-set against UPDATE: p50, us", bench_median(ours, CALLS),
		bench_median(reference, CALLS), "");
	mcp_session_store_pool_close(pool);
}

/* -- what is written ------------------------------------------------------------------------------
 */

/* A request of each of some sessions every 33 ms, and a throttle of a second. */
static void wal_of_throttled_touches(void)
{
	enum { SESSIONS = 100, A_SECOND = 30, SECONDS = 4 };
	struct mcp_session_store_pool *pool = open_pool("&idle=10s&touch_every=1s");
	fill(pool, "short");
	double before = ask("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')");
	double start = bench_now_ns();
	for (unsigned turn = 0; turn < SECONDS * A_SECOND; turn++) {
		for (unsigned i = 0; i < SESSIONS; i++) {
			our_get(pool, i);
		}
		double left = start + (turn + 1) * 1e9 / A_SECOND - bench_now_ns();
		poll(NULL, 0, left > 0 ? (int)(left / 1e6) : 0);
	}
	double bytes = ask("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')") - before;
	bench_line("WAL of a get, one touch in 30: bytes", bytes / (SESSIONS * SECONDS * A_SECOND),
		10, "<= 1");
	mcp_session_store_pool_close(pool);
}

/* Servers tell their counts when they end, a moment after their connections. */
static void share_in_place(void)
{
	double updates = 0;
	for (int i = 0; i < 100 && updates == 0; i++) {
		poll(NULL, 0, 50);
		updates = ask(
			"select n_tup_upd from pg_stat_user_tables where schemaname = 'mcpsess' "
			"and relname = 'session'");
	}
	bench_line("updates of sessions in place, of all",
		ask("select n_tup_hot_upd from pg_stat_user_tables where schemaname = 'mcpsess' "
		    "and "
		    "relname = 'session'"),
		updates, ">= 0.99");
}

/* -- one read -----------------------------------------------------------------------------------
 */

static double cost_us(void (*once)(void *context, uint64_t random), void *context)
{
	double before = server_cpu_ns();
	for (int i = 0; i < CALLS; i++) {
		once(context, (uint64_t)i * 7919u);
	}
	return (server_cpu_ns() - before) / CALLS / 1000;
}

/* From here on everything is on one processor. */
static void cpu_of_a_read(PGconn *conn)
{
	struct mcp_session_store_pool *pool = open_pool("");
	double ours[TURNS], record[TURNS];
	cost_us(our_get, pool);
	pin(0, NULL);
	each_process(pin, NULL);
	for (int i = 0; i < TURNS; i++) {
		ours[i] = cost_us(our_get, pool);
		record[i] = cost_us(raw_record, conn);
	}
	bench_line("get, not due, of a SELECT of it: server CPU, us", bench_median(ours, TURNS),
		bench_median(record, TURNS), "<= 1.05");
	mcp_session_store_pool_close(pool);
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		return 2;
	}
	at.modules = argv[1];
	at.uri = argv[2];
	at.info = argv[3];
	at.pid = argv[4];
	PGconn *conn = PQconnectdb(at.info);
	run_sql(conn,
		"create table raw (key bytea primary key, revision bigint, expires_ms bigint, "
		"data bytea) with (fillfactor = 70)");
	struct mcp_session_store_pool *pool = open_pool("");
	fill(pool, "many");
	mcp_session_store_pool_close(pool);
	fill_raw(conn);
	bench_title("a pool; a connection for each caller");
	reads();
	touches();
	PQfinish(conn);
	conn = dial();
	compare_and_set(conn);
	wal_of_throttled_touches();
	cpu_of_a_read(conn);
	PQfinish(conn);
	share_in_place();
	return 0;
}

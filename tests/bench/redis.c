/*
 * Sessions in Redis against the raw limit: the very same commands, replayed over bare sockets, on
 * a server of the benchmark's own. Wall time, in turns; "ours" and "reference" are operations per
 * second but where a line says otherwise.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mcpsess/pool.h>

#include "crowd.h"
#include "share.h"

enum {
	SESSIONS = 20000,
	PAYLOAD = 300,
	DEPTH = 32,
	HANDLES = 3,
	TURNS = 5,
	SAMPLES = 4000,
	BYTES_MAX = 65536
};
static const double turn_ns = 3e8;

static struct {
	char folder[64], path[96], tap[96];
	char uri[160], tap_uri[160];
	pid_t pid;
	char payload[PAYLOAD];
} at;

static void die(const char *what)
{
	fprintf(stderr, "bench-redis: %s\n", what);
	exit(1);
}

/* -- the server ------------------------------------------------------------------------------ */

static void stop_server(void)
{
	if (at.pid > 0) {
		kill(at.pid, SIGKILL);
		waitpid(at.pid, NULL, 0);
		unlink(at.path);
		unlink(at.tap);
		rmdir(at.folder);
	}
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	strcpy(address.sun_path, at.path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void start_server(void)
{
	strcpy(at.folder, "/tmp/mcpsess-bench-XXXXXX");
	if (mkdtemp(at.folder) == NULL) {
		die("no folder");
	}
	snprintf(at.path, sizeof(at.path), "%s/redis", at.folder);
	snprintf(at.tap, sizeof(at.tap), "%s/tap", at.folder);
	/* No touch is due in between: its answer has another length than what is recorded. */
	static const char uri[] = "redis+unix://%s?max_sessions=none&idle=1h&touch_every=10m";
	snprintf(at.uri, sizeof(at.uri), uri, at.path);
	snprintf(at.tap_uri, sizeof(at.tap_uri), uri, at.tap);
	at.pid = fork();
	if (at.pid == 0) {
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", at.path,
			"--save", "", "--appendonly", "no", "--logfile", "/dev/null", (char *)NULL);
		_exit(127);
	}
	atexit(stop_server);
	for (int i = 0; i < 500; i++) {
		int fd = dial();
		if (fd >= 0) {
			close(fd);
			return;
		}
		poll(NULL, 0, 10);
	}
	die("redis-server does not start");
}

static double server_cpu_ns(void)
{
	char name[64];
	unsigned long user = 0, system = 0;
	snprintf(name, sizeof(name), "/proc/%ld/stat", (long)at.pid);
	FILE *file = fopen(name, "r");
	if (file == NULL ||
		fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
			&system) != 2) {
		die("no figures of the server");
	}
	fclose(file);
	return (double)(user + system) * 1e9 / (double)sysconf(_SC_CLK_TCK);
}

/* -- commands, as they go over the wire ----------------------------------------------------- */

struct wire {
	char command[BYTES_MAX];
	size_t len;
	size_t reply_len;
};

struct tap {
	int listener;
	struct wire *wire;
	atomic_int stop;
};

/* Between a store and the server: keep the last that each side said. */
static void *run_tap(void *context)
{
	struct tap *tap = context;
	static char bytes[BYTES_MAX];
	int server = dial(), client = accept(tap->listener, NULL, NULL);
	while (!atomic_load(&tap->stop)) {
		struct pollfd fds[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
		poll(fds, 2, 10);
		for (int i = 0; i < 2; i++) {
			ssize_t n = fds[i].revents ? read(fds[i].fd, bytes, sizeof(bytes)) : 0;
			if (n <= 0) {
				continue;
			}
			if (i == 0) {
				memcpy(tap->wire->command, bytes, (size_t)n);
				tap->wire->len = (size_t)n;
			} else {
				tap->wire->reply_len = (size_t)n;
			}
			if (write(fds[1 - i].fd, bytes, (size_t)n) != n) {
				die("the tap is stuck");
			}
		}
	}
	close(server);
	close(client);
	return NULL;
}

static struct mcp_session_store *open_store(const char *uri)
{
	struct mcp_session_store_options options = { .size = sizeof(options),
		.module_dir = MODULE_DIR };
	struct mcpsess_error err;
	struct mcp_session_store *store;
	if (mcp_session_store_open(uri, &options, &store, &err) < 0) {
		die(err.text);
	}
	return store;
}

static struct mcp_session_store_request request_of(unsigned number)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_TOUCH };
	char id[32];
	snprintf(id, sizeof(id), "session-%u", number);
	mcp_session_store_key(mcpsess_str("bench"), mcpsess_str(id), &request.key);
	snprintf(id, sizeof(id), "owner-%u", number / 10);
	mcp_session_store_owner(mcpsess_str("bench"), mcpsess_str(id), &request.owner);
	request.payload = mcpsess_mem(at.payload, PAYLOAD);
	request.state = MCP_SESSION_STORE_ACTIVE;
	return request;
}

static void record_get(struct wire *wire)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct mcp_session_store_request request = request_of(1);
	struct tap tap = { .listener = socket(AF_UNIX, SOCK_STREAM, 0), .wire = wire };
	pthread_t thread;
	strcpy(address.sun_path, at.tap);
	if (bind(tap.listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(tap.listener, 1) < 0) {
		die("no tap");
	}
	pthread_create(&thread, NULL, run_tap, &tap);
	struct mcp_session_store *store = open_store(at.tap_uri);
	for (int i = 0; i < 3; i++) {
		if (mcp_session_store_get(store, &request, NULL, NULL) != MCPSESS_OK) {
			die("no session to get");
		}
	}
	atomic_store(&tap.stop, 1);
	pthread_join(thread, NULL);
	mcp_session_store_close(store);
	close(tap.listener);
}

/* Send and have answered that many at once. */
static void ping_pong(int fd, const struct wire *wire, unsigned depth)
{
	static _Thread_local char bytes[BYTES_MAX];
	static _Thread_local char batch[CROWD_MAX * 1024];
	size_t wanted = wire->reply_len * depth;
	for (unsigned i = 0; i < depth; i++) {
		memcpy(batch + i * wire->len, wire->command, wire->len);
	}
	if (send(fd, batch, wire->len * depth, MSG_NOSIGNAL) != (ssize_t)(wire->len * depth)) {
		die("a bare socket broke");
	}
	while (wanted > 0) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		if (n <= 0 || (size_t)n > wanted) {
			die("a bare socket hears something else");
		}
		wanted -= (size_t)n;
	}
}

/* -- one caller, and one event loop --------------------------------------------------------- */

static double rate_of_store(struct mcp_session_store *store)
{
	struct mcp_session_store_request request = request_of(1);
	double start = bench_now_ns(), now = start;
	uint64_t count = 0;
	for (; now < start + turn_ns; now = bench_now_ns(), count++) {
		if (mcp_session_store_get(store, &request, NULL, NULL) != MCPSESS_OK) {
			die("a get fails");
		}
	}
	return (double)count * 1e9 / (now - start);
}

static double rate_of_socket(int fd, const struct wire *wire, unsigned depth)
{
	double start = bench_now_ns(), now = start;
	uint64_t count = 0;
	for (; now < start + turn_ns; now = bench_now_ns(), count += depth) {
		ping_pong(fd, wire, depth);
	}
	return (double)count * 1e9 / (now - start);
}

struct loop {
	struct mcp_session_store *store;
	uint64_t count;
};

static void again(struct mcp_session_store_call *call, int status)
{
	struct loop *loop = call->user_data;
	if (status != MCPSESS_OK) {
		die("a get in a loop fails");
	}
	loop->count++;
	mcp_session_store_get_async(loop->store, call);
}

static double rate_of_loop(struct mcp_session_store *store)
{
	static struct mcp_session_store_call calls[DEPTH];
	struct loop loop = { .store = store };
	memset(calls, 0, sizeof(calls));
	for (unsigned i = 0; i < DEPTH; i++) {
		calls[i].request = request_of(1);
		calls[i].done = again;
		calls[i].user_data = &loop;
		mcp_session_store_get_async(store, &calls[i]);
	}
	double start = bench_now_ns(), now = start;
	struct pollfd fd = { mcp_session_store_fd(store), POLLIN, 0 };
	for (; now < start + turn_ns; now = bench_now_ns()) {
		poll(&fd, 1, 1000);
		mcp_session_store_dispatch(store);
	}
	double rate = (double)loop.count * 1e9 / (now - start);
	for (unsigned i = 0; i < DEPTH; i++) {
		mcp_session_store_cancel(store, &calls[i]);
		mcp_session_store_answer_clear(&calls[i].answer);
	}
	return rate;
}

static void one_caller(const struct wire *wire)
{
	double ours[TURNS], raw[TURNS], loop[TURNS], pipeline[TURNS];
	struct mcp_session_store *store = open_store(at.uri), *looped = open_store(at.uri);
	int fd = dial();
	for (int i = 0; i < TURNS; i++) {
		ours[i] = rate_of_store(store);
		raw[i] = rate_of_socket(fd, wire, 1);
		loop[i] = rate_of_loop(looped);
		pipeline[i] = rate_of_socket(fd, wire, DEPTH);
	}
	bench_line("one blocking caller, get and touch", bench_median(ours, TURNS),
		bench_median(raw, TURNS), ">= 0.95");
	bench_line("an event loop with 32 in flight", bench_median(loop, TURNS),
		bench_median(pipeline, TURNS), ">= 0.9");
	close(fd);
	mcp_session_store_close(store);
	mcp_session_store_close(looped);
}

/* -- many callers --------------------------------------------------------------------------- */

static void get_from_pool(void *pool, uint64_t random)
{
	struct mcp_session_store_request request = request_of(1);
	(void)random;
	if (mcp_session_store_pool_get(pool, &request, NULL, NULL) < 0) {
		die("a get through the pool fails");
	}
}

/* Of all turns: the command, and the sockets that callers have, which are their contexts. */
static struct wire get_wire;
static int lines[CROWD_MAX];

static void get_alone(void *context, uint64_t random)
{
	const int *line = context;
	(void)random;
	ping_pong(*line, &get_wire, 1);
}

static void serve(void *context, struct share_call *first)
{
	const int *line = context;
	unsigned depth = 0;
	for (; first != NULL; first = first->next) {
		depth++;
	}
	ping_pong(*line, &get_wire, depth);
}

static void get_shared(void *context, uint64_t random)
{
	static atomic_uint callers;
	static _Thread_local unsigned number;
	(void)random;
	number = number > 0 ? number : 1 + atomic_fetch_add(&callers, 1);
	share_ask(context, number, 0);
}

static void open_pool(void *contexts[], unsigned callers)
{
	struct mcp_session_store_options options = { .size = sizeof(options),
		.module_dir = MODULE_DIR };
	struct mcp_session_store_pool *pool;
	if (mcp_session_store_pool_open(at.uri, &options, 0, &pool, NULL) < 0) {
		die("no pool");
	}
	crowd_share(contexts, callers, pool);
}

static void close_pool(void *contexts[], unsigned callers)
{
	(void)callers;
	mcp_session_store_pool_close(contexts[0]);
}

static void open_lines(void *contexts[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		lines[i] = dial();
		contexts[i] = &lines[i];
	}
}

static void close_lines(void *contexts[], unsigned count)
{
	(void)contexts;
	for (unsigned i = 0; i < count; i++) {
		close(lines[i]);
	}
}

static void open_shared(void *contexts[], unsigned callers)
{
	static struct share share = { .serve = serve };
	void *conns[HANDLES];
	open_lines(conns, HANDLES);
	share_begin(&share, conns, HANDLES);
	crowd_share(contexts, callers, &share);
}

static void close_shared(void *contexts[], unsigned callers)
{
	(void)callers;
	close_lines(contexts, HANDLES);
}

static void print(unsigned callers, const char *what, const double values[3], const char *goal)
{
	char name[64];
	snprintf(name, sizeof(name), "%u callers through a pool: %s", callers, what);
	bench_line(name, values[0], values[1], goal);
	snprintf(name, sizeof(name), "  by bare sharing: %s", what);
	bench_line(name, values[2], values[1], "");
}

static void many_callers(unsigned callers, const char *goals[3])
{
	static const struct crowd_side sides[] = { { open_pool, close_pool, get_from_pool },
		{ open_lines, close_lines, get_alone }, { open_shared, close_shared, get_shared } };
	struct crowd_figures m[3];
	crowd_measure(sides, 3, callers, server_cpu_ns, m);
	print(callers, "operations", (double[]){ m[0].rate, m[1].rate, m[2].rate }, goals[0]);
	print(callers, "p99, us", (double[]){ m[0].p99_us, m[1].p99_us, m[2].p99_us }, goals[1]);
	print(callers, "server CPU, us each",
		(double[]){ m[0].server_us, m[1].server_us, m[2].server_us }, goals[2]);
}

/* -- writes and bytes ----------------------------------------------------------------------- */

/* One line of RESP in, what it says out: for words without spaces. */
static double ask(int fd, const char *line, const char *field)
{
	static char bytes[BYTES_MAX];
	if (write(fd, line, strlen(line)) < 0) {
		die("a bare socket broke");
	}
	ssize_t n = recv(fd, bytes, sizeof(bytes) - 1, 0);
	bytes[n > 0 ? n : 0] = '\0';
	const char *value = field != NULL ? strstr(bytes, field) : NULL;
	return value != NULL ? strtod(value + strlen(field), NULL) : 0;
}

static void create_all(struct mcp_session_store *store)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct mcp_session_store_request request = request_of(i);
		if (mcp_session_store_store(store, &request, NULL, NULL) != MCPSESS_OK) {
			die("a create fails");
		}
	}
}

static void writes(struct mcp_session_store *store)
{
	struct mcp_session_store_request request = request_of(1);
	struct mcp_session_store_answer answer = { 0 };
	double ours[SAMPLES], raw[SAMPLES];
	char set[PAYLOAD + 64];
	int fd = dial();
	mcp_session_store_get(store, &request, &answer, NULL);
	request.revision = answer.revision;
	mcp_session_store_answer_clear(&answer);
	snprintf(set, sizeof(set), "SET reference %.*s PX 300000\r\n", PAYLOAD, at.payload);
	for (unsigned i = 0; i < SAMPLES; i++, request.revision++) {
		double start = bench_now_ns();
		if (mcp_session_store_store(store, &request, NULL, NULL) != MCPSESS_OK) {
			die("an update fails");
		}
		double middle = bench_now_ns();
		ask(fd, set, NULL);
		ours[i] = (middle - start) / 1000;
		raw[i] = (bench_now_ns() - middle) / 1000;
	}
	bench_line("compare-and-set against SET PX: p50, us", bench_median(ours, SAMPLES),
		bench_median(raw, SAMPLES), "<= 1.25");
	close(fd);
}

int main(void)
{
	memset(at.payload, 'x', PAYLOAD);
	start_server();
	int fd = dial();
	struct mcp_session_store *store = open_store(at.uri);
	struct mcp_session_store_request first = request_of(SESSIONS);
	mcp_session_store_get(store, &first, NULL, NULL);
	double before = ask(fd, "INFO memory\r\n", "used_memory:");
	create_all(store);
	double bytes = (ask(fd, "INFO memory\r\n", "used_memory:") - before) / SESSIONS;
	bench_title("op/s");
	record_get(&get_wire);
	one_caller(&get_wire);
	many_callers(32, (const char *[]){ ">= 1.7", "<= 0.7", "<= 0.4" });
	many_callers(128, (const char *[]){ ">= 2.2", "<= 0.6", "<= 0.3" });
	writes(store);
	bench_line("bytes of a session with 300 of state, 10 an owner", bytes, 650, "<= 1");
	mcp_session_store_close(store);
	close(fd);
	return 0;
}

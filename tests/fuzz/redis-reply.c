/*
 * What a Redis that cannot be trusted answers: the input is all it says, after a sound greeting or,
 * where the first byte is '!', from the start. Nothing may crash, and no verb may be right unless
 * the answer was.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <mcpsess/backend.h>

#include "fuzz.h"

enum { TURNS = 12, TEXTS = 15, CALLS = 8 };

extern const struct mcpsess_backend mcpsess_backend_redis;

static struct sockaddr_un place = { .sun_family = AF_UNIX };
static char uri[160];

static void remove_place(void)
{
	unlink(place.sun_path);
}

static int listener(void)
{
	static int fd = -1;
	if (fd < 0) {
		mcpsess_backend_add(&mcpsess_backend_redis, NULL);
		snprintf(place.sun_path, sizeof(place.sun_path), "/tmp/mcpsess-fuzz-%ld",
			(long)getpid());
		snprintf(uri, sizeof(uri), "redis+unix://%s", place.sun_path);
		remove_place();
		atexit(remove_place);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		fuzz_require(fd >= 0 &&
			     bind(fd, (const struct sockaddr *)&place, sizeof(place)) == 0 &&
			     listen(fd, 16) == 0);
	}
	return fd;
}

static void say(int fd, const void *data, size_t len)
{
	ssize_t sent = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent;
}

static void greet(int fd)
{
	static const char role[] = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";
	static const char memory[] = "$27\r\nmaxmemory_policy:noeviction\r\n";
	static const char digest[] = "$40\r\n0123456789012345678901234567890123456789\r\n";
	say(fd, role, sizeof(role) - 1);
	say(fd, memory, sizeof(memory) - 1);
	for (int i = 0; i < TEXTS; i++) {
		say(fd, digest, sizeof(digest) - 1);
	}
}

static void check(const struct mcp_session_store_call *call)
{
	const struct mcp_session_store_answer *answer = &call->answer;
	fuzz_require(call->status <= MCPSESS_PENDING);
	fuzz_require(answer->entry_count <= 100);
	fuzz_require(memchr(answer->cursor, '\0', sizeof(answer->cursor)) != NULL);
	/* What came is all there. */
	const unsigned char *bytes = answer->payload.data;
	unsigned sum = 0;
	for (size_t i = 0; i < answer->payload.len; i++) {
		sum += bytes[i];
	}
	for (size_t i = 0; i < answer->entry_count; i++) {
		sum += answer->entries[i].key.bytes[0] + (unsigned)answer->entries[i].revision;
	}
	fuzz_require(sum < UINT32_MAX);
}

static void start(struct mcp_session_store *store, struct mcp_session_store_call calls[CALLS])
{
	for (int i = 0; i < CALLS; i++) {
		memset(&calls[i], 0, sizeof(calls[i]));
		calls[i].request.key.bytes[0] = calls[i].request.owner.bytes[0] = 1;
		calls[i].request.idle_ms = 1000;
	}
	calls[2].request.revision = 7;
	mcp_session_store_get_async(store, &calls[0]);
	mcp_session_store_list_async(store, &calls[1]);
	mcp_session_store_store_async(store, &calls[2]);
	mcp_session_store_once_async(store, &calls[3]);
	mcp_session_store_delete_async(store, &calls[4]);
	/* All of these in one. */
	for (int i = 5; i < CALLS; i++) {
		mcp_session_store_get_async(store, &calls[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcp_session_store_call calls[CALLS];
	struct mcp_session_store *store;
	int server = listener();
	fuzz_require(mcp_session_store_open(uri, NULL, &store, NULL) == MCPSESS_OK);
	start(store, calls);
	int fd = accept(server, NULL, NULL);
	fuzz_require(fd >= 0);
	int raw = size > 0 && data[0] == '!';
	if (!raw) {
		greet(fd);
	}
	say(fd, data + raw, size - (size_t)raw);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < TURNS; i++) {
		mcp_session_store_dispatch(store);
	}
	for (int i = 0; i < CALLS; i++) {
		check(&calls[i]);
		mcp_session_store_cancel(store, &calls[i]);
		mcp_session_store_answer_clear(&calls[i].answer);
	}
	mcp_session_store_close(store);
	close(fd);
	/* Those that it connected again, to no avail. */
	while ((fd = accept(server, NULL, NULL)) >= 0) {
		close(fd);
	}
	return 0;
}

#include "site.h"

#include <sys/mman.h>
#include <unistd.h>

static uint64_t clock_now(void *user_data)
{
	return ((struct site *)user_data)->now_ms;
}

static void *counted_realloc(void *user_data, void *ptr, size_t size)
{
	struct site *site = user_data;
	if (size == 0) {
		site->blocks -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (++site->allocations == site->fail_at) {
		return NULL;
	}
	site->blocks += ptr == NULL;
	return realloc(ptr, size);
}

void site_open(struct site *site, const char *uri, struct mcpsess_http_options http,
	struct mcpsess_rpc_options rpc)
{
	struct mcpsess_error err = { 0 };
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks),
		.user_data = site,
		.realloc = counted_realloc,
		.now_ms = clock_now,
	};
	struct mcp_session_store_options settings = { .size = sizeof(settings), .hooks = &hooks };
	memset(site, 0, sizeof(*site));
	site->now_ms = 1700000000000;
	site->principal = "";
	if (mcp_session_store_open(uri, &settings, &site->store, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
	rpc.size = sizeof(rpc);
	rpc.store = site->store;
	rpc.server_name = "site";
	rpc.server_version = "1";
	rpc.hooks = &hooks;
	if (mcpsess_rpc_create(&rpc, &site->rpc, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
	http.size = sizeof(http);
	http.rpc = site->rpc;
	if (mcpsess_http_create(&http, &site->http, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
}

void site_close(struct site *site)
{
	mcpsess_http_destroy(site->http);
	mcpsess_rpc_destroy(site->rpc);
	mcp_session_store_close(site->store);
	assert_int_equal(site->blocks, 0);
}

/* -- the host ------------------------------------------------------------------------------- */

enum mcpsess_verdict site_host(struct mcpsess_message *message)
{
	struct mcpsess_bytes name = mcpsess_message_name(message);
	assert_non_null(message);
	if (mcpsess_message_kind(message) != MCPSESS_REQUEST) {
		return mcpsess_message_result(message, mcpsess_mem(NULL, 0));
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("echo"))) {
		return mcpsess_message_result(message, mcpsess_message_params(message));
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("lines"))) {
		return mcpsess_message_result(message, mcpsess_str("{\r\n\"a\":\n\n1\r}"));
	}
	return mcpsess_message_error(message, MCPSESS_RPC_INVALID_PARAMS, "Unknown tool: \r\n\"x\"",
		mcpsess_mem(NULL, 0));
}

/* -- an answer -------------------------------------------------------------------------------- */

static void copy(char *to, size_t capacity, struct mcpsess_bytes from)
{
	assert_true(from.len < capacity);
	if (from.len > 0) {
		memcpy(to, from.data, from.len);
	}
	to[from.len] = '\0';
}

const char *header_of(const struct answer *answer, const char *name)
{
	static char value[512];
	size_t len = strlen(name);
	for (const char *at = answer->head; *at != '\0'; at = strchr(at, '\n') + 1) {
		if (strncmp(at, name, len) == 0 && at[len] == ':') {
			at += len + 2;
			copy(value, sizeof(value), mcpsess_mem(at, strcspn(at, "\n")));
			return value;
		}
	}
	return NULL;
}

const char *with_id(const char *head, const char *id)
{
	static char text[1024];
	snprintf(text, sizeof(text), "%sMcp-Session-Id: %s\r\n", head, id);
	return text;
}

static void read_headers(struct mcpsess_http_exchange *exchange, struct answer *out)
{
	struct mcpsess_http_pair pair;
	out->head[0] = '\0';
	for (size_t i = 0; mcpsess_http_header(exchange, i, &pair); i++) {
		const unsigned char *value = pair.value.data;
		char line[600];
		for (size_t at = 0; at < pair.value.len; at++) {
			assert_true(value[at] >= 0x20 && value[at] != 0x7f);
		}
		int len = snprintf(line, sizeof(line), "%.*s: ", (int)pair.name.len,
			(const char *)pair.name.data);
		if (strstr(out->head, line) != NULL) {
			fail_msg("twice: %s", line);
		}
		snprintf(line + len, sizeof(line) - (size_t)len, "%.*s\n", (int)pair.value.len,
			(const char *)pair.value.data);
		strcat(out->head, line);
	}
}

/* The text must say what the parts say. */
static void check_text(struct mcpsess_http_exchange *exchange, struct answer *answer)
{
	static const char bare[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
	char text[sizeof(struct answer) + 256], expected[sizeof(text)];
	copy(text, sizeof(text), mcpsess_http_text(exchange));
	answer->text_failed = exchange != NULL && strcmp(text, bare) == 0;
	if (answer->text_failed) {
		return;
	}
	int status = 0;
	assert_int_equal(sscanf(text, "HTTP/1.1 %d ", &status), 1);
	assert_int_equal(status, answer->status);
	char *to = expected;
	for (const char *at = answer->head; *at != '\0'; at++) {
		if (*at == '\n') {
			*to++ = '\r';
		}
		*to++ = *at;
	}
	if (status != 204) {
		to += sprintf(to, "Content-Length: %zu\r\n", strlen(answer->body));
	}
	sprintf(to, "\r\n%s", answer->body);
	assert_string_equal(strstr(text, "\r\n") + 2, expected);
}

static void check_rules(const struct answer *answer)
{
	int status = answer->status;
	const char *type = header_of(answer, "Content-Type");
	if (answer->body[0] == '\0') {
		assert_null(type);
	} else if (strcmp(type, "application/json") != 0) {
		assert_string_equal(type, "text/event-stream");
		assert_int_equal(status, 200);
	} else if (status >= 400) {
		assert_non_null(strstr(answer->body, "\"error\":{\"code\":-32"));
	}
	if (status >= 400) {
		assert_null(header_of(answer, "Mcp-Session-Id"));
	}
	if (status == 202 || status == 204) {
		assert_string_equal(answer->body, "");
	}
	assert_int_equal(header_of(answer, "Allow") != NULL, status == 405 || status == 204);
}

void site_read(struct mcpsess_http_exchange *exchange, struct answer *out)
{
	out->status = mcpsess_http_status(exchange);
	assert_null(mcpsess_http_message(exchange));
	read_headers(exchange, out);
	copy(out->body, sizeof(out->body), mcpsess_http_body(exchange));
	if (exchange != NULL) {
		check_rules(out);
	}
	check_text(exchange, out);
	mcpsess_http_end(exchange);
}

/* -- a request -------------------------------------------------------------------------------- */

struct guarded {
	char *pages;
	size_t len;
	struct mcpsess_bytes body;
};

/* No byte can be read behind it: not even a NUL. */
static struct guarded guard(const char *body)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), len = strlen(body);
	struct guarded guarded = { .len = (len / page + 2) * page };
	guarded.pages =
		mmap(NULL, guarded.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(guarded.pages != MAP_FAILED);
	char *end = guarded.pages + guarded.len - page;
	assert_int_equal(mprotect(end, page, PROT_NONE), 0);
	memcpy(end - len, body, len);
	guarded.body = mcpsess_mem(end - len, len);
	return guarded;
}

void site_ask(struct site *site, const char *method, const char *head, const char *body,
	struct answer *out)
{
	struct mcpsess_bytes block = mcpsess_str(head);
	struct guarded guarded = guard(body);
	struct mcpsess_http_request request = {
		.method = mcpsess_str(method),
		.header = mcpsess_http_header_block,
		.headers = &block,
		.body = guarded.body,
		.principal = mcpsess_str(site->principal),
		.challenge = site->challenge,
		.too_big = (uint32_t)site->too_big,
		.draining = (uint32_t)site->draining,
	};
	struct mcpsess_http_exchange *exchange;
	enum mcpsess_verdict verdict = mcpsess_http_begin(site->http, &request, &exchange);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = site_host(mcpsess_http_message(exchange));
	}
	assert_int_equal(verdict, MCPSESS_REPLY);
	site_read(exchange, out);
	assert_true(!out->text_failed || site->fail_at > 0);
	munmap(guarded.pages, guarded.len);
}

void site_session(struct site *site)
{
	struct answer answer;
	site_ask(site, "POST", JSON, INITIALIZE, &answer);
	assert_int_equal(answer.status, 200);
	strcpy(site->id, header_of(&answer, "Mcp-Session-Id"));
	site_ask(site, "POST", with_id(JSON, site->id), INITIALIZED, &answer);
	assert_int_equal(answer.status, 202);
}

uint64_t site_count(struct site *site)
{
	struct mcp_session_store_counts stats;
	assert_int_equal(mcp_session_store_stats(site->store, &stats), MCPSESS_OK);
	return stats.sessions;
}

uint64_t site_refused(struct site *site, enum mcpsess_refused cause)
{
	struct mcpsess_stats stats;
	mcpsess_rpc_stats(site->rpc, &stats);
	return stats.refused[cause];
}

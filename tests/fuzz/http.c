/*
 * Requests against one site. The first byte chooses options; each request is its method, a newline,
 * header lines, an empty line and the body; 0xff stands between requests. A session is there from
 * the start: fuzz-session-00000000001.
 */
#include <mcpsess/http.h>

#include "json/json.h"
#include "layer.h"

static struct mcpsess_bytes take(struct mcpsess_bytes *rest, const char *separator)
{
	size_t len = strlen(separator);
	const char *at = rest->len > 0 ? memmem(rest->data, rest->len, separator, len) : NULL;
	struct mcpsess_bytes taken = *rest;
	if (at == NULL) {
		*rest = mcpsess_mem(NULL, 0);
		return taken;
	}
	taken.len = (size_t)(at - (const char *)rest->data);
	*rest = mcpsess_mem(at + len, rest->len - taken.len - len);
	return taken;
}

static int is(struct mcpsess_bytes bytes, const char *text)
{
	return mcpsess_bytes_equal(bytes, mcpsess_str(text));
}

static void check_json(struct mcpsess_bytes text)
{
	struct mcpsess_bytes value;
	fuzz_require(mcpsess_json_check(text, 512, &value) == MCPSESS_OK);
}

static void check_event(struct mcpsess_bytes body)
{
	char json[65536];
	size_t len = 0;
	fuzz_require(is(take(&body, "\n"), "event: message"));
	for (;;) {
		struct mcpsess_bytes line = take(&body, "\n");
		if (line.len == 0) {
			break;
		}
		fuzz_require(line.len > 6 && memcmp(line.data, "data: ", 6) == 0);
		fuzz_require(len + line.len < sizeof(json));
		memcpy(json + len, (const char *)line.data + 6, line.len - 6);
		len += line.len - 6;
		json[len++] = '\n';
	}
	fuzz_require(body.len == 0);
	check_json(mcpsess_mem(json, len));
}

static void check_value(struct mcpsess_bytes value)
{
	const unsigned char *at = value.data;
	fuzz_require(value.len > 0);
	for (size_t i = 0; i < value.len; i++) {
		fuzz_require(at[i] >= 0x20 && at[i] != 0x7f);
	}
}

static void check_answer(struct mcpsess_http_exchange *exchange)
{
	struct mcpsess_http_pair pair;
	struct mcpsess_bytes body = mcpsess_http_body(exchange);
	int status = mcpsess_http_status(exchange), is_event = 0;
	fuzz_require(status >= 200 && status < 600);
	for (size_t i = 0; mcpsess_http_header(exchange, i, &pair); i++) {
		check_value(pair.value);
		is_event |= is(pair.name, "Content-Type") && is(pair.value, "text/event-stream");
		fuzz_require(status < 400 || !is(pair.name, "Mcp-Session-Id"));
	}
	fuzz_require(!is_event || status == 200);
	fuzz_require(body.len == 0 || (status != 202 && status != 204));
	if (is_event) {
		check_event(body);
	} else if (body.len > 0) {
		check_json(body);
	}
	struct mcpsess_bytes text = mcpsess_http_text(exchange);
	take(&text, "\r\n\r\n");
	fuzz_require(mcpsess_bytes_equal(text, body));
}

static void ask(struct layer *layer, struct mcpsess_http *http, struct mcpsess_bytes text)
{
	struct mcpsess_http_request request = { .header = mcpsess_http_header_block };
	struct mcpsess_http_exchange *exchange;
	uint64_t before = layer_sessions(layer);
	request.method = take(&text, "\n");
	struct mcpsess_bytes head = take(&text, "\n\n");
	request.headers = &head;
	request.body = text;
	enum mcpsess_verdict verdict = mcpsess_http_begin(http, &request, &exchange);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = layer_host(mcpsess_http_message(exchange));
	}
	fuzz_require(verdict == MCPSESS_REPLY && exchange != NULL);
	check_answer(exchange);
	/* What is refused creates nothing, and only DELETE ends something. */
	int status = mcpsess_http_status(exchange);
	uint64_t after = layer_sessions(layer);
	fuzz_require(after <= before || (status == 200 && is(request.method, "POST")));
	fuzz_require(after >= before || (status == 200 && is(request.method, "DELETE")));
	mcpsess_http_end(exchange);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char first[] =
		"POST\nHost: localhost\nContent-Type: application/json\n\n{\"jsonrpc\":\"2.0\","
		"\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-03-26\"}"
		"}";
	struct layer layer;
	struct mcpsess_http *http;
	unsigned bits = size > 0 ? data[0] : 0;
	struct mcpsess_bytes rest =
		size > 0 ? mcpsess_mem(data + 1, size - 1) : mcpsess_mem(NULL, 0);
	layer_open(&layer, bits & 1 ? MCPSESS_SESSION_LAZY : MCPSESS_SESSION_REQUIRED);
	struct mcpsess_http_options options = { .size = sizeof(options),
		.rpc = layer.rpc,
		.hosts = bits & 2 ? "localhost,*.example.com,*" : NULL,
		.origins = bits & 4 ? "https://*.example.com,*" : NULL,
		.cors = bits & 8 };
	options.prefer_sse = bits & 16;
	fuzz_require(mcpsess_http_create(&options, &http, NULL) == MCPSESS_OK);
	ask(&layer, http, mcpsess_str(first));
	fuzz_require(layer_sessions(&layer) == 1);
	while (rest.len > 0) {
		ask(&layer, http, take(&rest, "\xff"));
	}
	mcpsess_http_destroy(http);
	layer_close(&layer);
	return 0;
}

/* The answer as bytes: status line, headers, and the body or the event that carries it. */
#include "http/http.h"

static const char event_head[] = "event: message\n", event_data[] = "data: ";

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status) {
			return reasons[i].reason;
		}
	}
	return "Internal Server Error";
}

/* A piece without line breaks; JSON has them between its tokens only. */
static int next_piece(struct mcpsess_bytes *rest, struct mcpsess_bytes *piece)
{
	const char *at = rest->data;
	size_t begin = 0, end;
	while (begin < rest->len && (at[begin] == '\n' || at[begin] == '\r')) {
		begin++;
	}
	end = begin;
	while (end < rest->len && at[end] != '\n' && at[end] != '\r') {
		end++;
	}
	*piece = mcpsess_mem(at + begin, end - begin);
	*rest = mcpsess_mem(at + end, rest->len - end);
	return piece->len > 0;
}

static size_t event_len(struct mcpsess_bytes json)
{
	struct mcpsess_bytes piece;
	size_t len = strlen(event_head) + 1;
	while (next_piece(&json, &piece)) {
		len += strlen(event_data) + piece.len + 1;
	}
	return len;
}

static void append_event(struct mcpsess_buffer *text, struct mcpsess_bytes json)
{
	struct mcpsess_bytes piece;
	mcpsess_buffer_text(text, event_head);
	while (next_piece(&json, &piece)) {
		mcpsess_buffer_text(text, event_data);
		mcpsess_buffer_append(text, piece);
		mcpsess_buffer_char(text, '\n');
	}
	mcpsess_buffer_char(text, '\n');
}

/* Room for everything at once: one allocation. */
static void reserve(struct mcpsess_http_exchange *exchange, size_t body_len)
{
	size_t len = sizeof("HTTP/1.1 500 Internal Server Error\r\nContent-Length: \r\n\r\n") + 20;
	for (size_t i = 0; i < exchange->header_count; i++) {
		len += exchange->headers[i].name.len + exchange->headers[i].value.len + 4;
	}
	mcpsess_buffer_reserve(
		&exchange->text, body_len < SIZE_MAX / 8 ? len + body_len : SIZE_MAX);
}

static void append_head(struct mcpsess_http_exchange *exchange, size_t body_len)
{
	struct mcpsess_buffer *text = &exchange->text;
	mcpsess_buffer_text(text, "HTTP/1.1 ");
	mcpsess_buffer_int(text, exchange->status);
	mcpsess_buffer_char(text, ' ');
	mcpsess_buffer_text(text, reason_of(exchange->status));
	for (size_t i = 0; i < exchange->header_count; i++) {
		mcpsess_buffer_text(text, "\r\n");
		mcpsess_buffer_append(text, exchange->headers[i].name);
		mcpsess_buffer_text(text, ": ");
		mcpsess_buffer_append(text, exchange->headers[i].value);
	}
	if (exchange->status != 204) {
		mcpsess_buffer_text(text, "\r\nContent-Length: ");
		mcpsess_buffer_int(text, (int64_t)body_len);
	}
	mcpsess_buffer_text(text, "\r\n\r\n");
}

int mcpsess_http_render(struct mcpsess_http_exchange *exchange)
{
	struct mcpsess_buffer *text = &exchange->text;
	size_t len = exchange->sse ? event_len(exchange->body) : exchange->body.len;
	mcpsess_buffer_reset(text);
	reserve(exchange, len);
	append_head(exchange, len);
	if (exchange->sse) {
		append_event(text, exchange->body);
	} else {
		mcpsess_buffer_append(text, exchange->body);
	}
	if (text->failed) {
		mcpsess_buffer_reset(text);
		return 0;
	}
	if (exchange->sse) {
		exchange->body = mcpsess_mem(text->data + text->len - len, len);
	}
	return 1;
}

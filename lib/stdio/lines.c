#include "stdio/lines.h"

/* A longer line and its line end need two bytes more than fit; and what idles need not be big. */
enum { PAST_MAX = 2, KEPT_CAPACITY = 65536 };

void mcpsess_lines_init(struct mcpsess_lines *lines, const struct mcpsess_env *env, size_t max)
{
	memset(lines, 0, sizeof(*lines));
	lines->max = max;
	mcpsess_buffer_init(&lines->text, env);
	mcpsess_buffer_init(&lines->held, env);
}

void mcpsess_lines_free(struct mcpsess_lines *lines)
{
	mcpsess_buffer_free(&lines->text);
	mcpsess_buffer_free(&lines->held);
}

static struct mcpsess_bytes rest_of(const struct mcpsess_lines *lines)
{
	return mcpsess_mem(lines->text.len > 0 ? lines->text.data + lines->at : NULL,
		lines->text.len - lines->at);
}

static void forget_before(struct mcpsess_lines *lines)
{
	lines->searched -= lines->at;
	lines->seen = lines->seen > lines->at ? lines->seen - lines->at : 0;
	lines->at = 0;
}

/* Room for more bytes behind the lines that wait, without moving the line that is out. */
static int make_room(struct mcpsess_lines *lines, size_t more)
{
	struct mcpsess_bytes rest = rest_of(lines);
	if (lines->lent && lines->held.data == NULL) {
		struct mcpsess_buffer fresh;
		mcpsess_buffer_init(&fresh, lines->text.env);
		if (more > SIZE_MAX / 8 ||
			mcpsess_buffer_reserve(&fresh, rest.len + more) == NULL) {
			return MCPSESS_E_NOMEM;
		}
		mcpsess_buffer_append(&fresh, rest);
		lines->held = lines->text;
		lines->text = fresh;
		forget_before(lines);
		return MCPSESS_OK;
	}
	if (lines->at > 0) {
		memmove(lines->text.data, rest.data, rest.len);
		lines->text.len = rest.len;
		forget_before(lines);
	}
	if (mcpsess_buffer_reserve(&lines->text, more) == NULL) {
		lines->text.failed = 0;
		return MCPSESS_E_NOMEM;
	}
	return MCPSESS_OK;
}

static void append_cut(struct mcpsess_lines *lines, const char *bytes, size_t len)
{
	size_t room = lines->max + PAST_MAX - lines->tail;
	size_t some = len < room ? len : room;
	mcpsess_buffer_append(&lines->text, mcpsess_mem(bytes, some));
	lines->tail += some;
}

int mcpsess_lines_feed(struct mcpsess_lines *lines, struct mcpsess_bytes bytes)
{
	const char *at = bytes.data;
	size_t left = bytes.len;
	if (lines->finished) {
		return MCPSESS_E_INVALID;
	}
	if (left == 0) {
		return MCPSESS_OK;
	}
	if (make_room(lines, left) != MCPSESS_OK) {
		return MCPSESS_E_NOMEM;
	}
	while (left > 0) {
		const char *end = memchr(at, '\n', left);
		size_t len = end != NULL ? (size_t)(end - at) : left;
		append_cut(lines, at, len);
		if (end != NULL) {
			mcpsess_buffer_char(&lines->text, '\n');
			lines->tail = 0;
			len++;
		}
		at += len;
		left -= len;
	}
	return MCPSESS_OK;
}

void mcpsess_lines_finish(struct mcpsess_lines *lines)
{
	lines->finished = 1;
}

/* Between its end and what ends it there may be a carriage return. */
static struct mcpsess_bytes line_of(const char *from, size_t len)
{
	return mcpsess_mem(from, len > 0 && from[len - 1] == '\r' ? len - 1 : len);
}

int mcpsess_lines_next(struct mcpsess_lines *lines, struct mcpsess_bytes *line)
{
	struct mcpsess_bytes rest = rest_of(lines);
	size_t known = lines->searched - lines->at;
	const char *from = rest.data;
	const char *end = rest.len > known ? memchr(from + known, '\n', rest.len - known) : NULL;
	size_t len = end != NULL ? (size_t)(end - from) : rest.len;
	if (end == NULL && (!lines->finished || rest.len == 0)) {
		lines->searched = lines->text.len;
		return 0;
	}
	lines->at += len + (end != NULL);
	lines->searched = lines->at;
	lines->lent = 1;
	*line = line_of(from, len);
	return 1;
}

int mcpsess_lines_peek(struct mcpsess_lines *lines, struct mcpsess_bytes *line)
{
	size_t whole = lines->text.len - (lines->finished ? 0 : lines->tail);
	lines->seen = lines->seen > lines->at ? lines->seen : lines->at;
	if (lines->seen >= whole) {
		return 0;
	}
	const char *from = lines->text.data + lines->seen;
	const char *end = memchr(from, '\n', whole - lines->seen);
	size_t len = end != NULL ? (size_t)(end - from) : whole - lines->seen;
	lines->peeked = lines->seen + len + (end != NULL);
	*line = line_of(from, len);
	return 1;
}

void mcpsess_lines_skip(struct mcpsess_lines *lines)
{
	lines->seen = lines->peeked;
}

void mcpsess_lines_drop(struct mcpsess_lines *lines)
{
	if (lines->seen == lines->at) {
		lines->at = lines->searched = lines->peeked;
	} else {
		memset(lines->text.data + lines->seen, '\n', lines->peeked - lines->seen);
	}
	lines->seen = lines->peeked;
}

void mcpsess_lines_let_go(struct mcpsess_lines *lines)
{
	lines->lent = 0;
	mcpsess_buffer_free(&lines->held);
	if (lines->at < lines->text.len) {
		return;
	}
	lines->at = lines->searched = lines->seen = 0;
	if (lines->text.capacity > KEPT_CAPACITY) {
		mcpsess_buffer_free(&lines->text);
	}
	mcpsess_buffer_reset(&lines->text);
}

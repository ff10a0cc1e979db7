#include "guard.h"

/* The length of the line at the front, its end included; 0: not whole yet, -1: too long. */
static long long line_len(const char *data, size_t len)
{
	const char *end = memchr(data, '\n', len < REDIS_LINE_MAX ? len : REDIS_LINE_MAX);
	if (end == NULL) {
		return len < REDIS_LINE_MAX ? 0 : -1;
	}
	return end > data && end[-1] == '\r' ? end - data + 1 : -1;
}

/* A length as it stands in a line: -1 is nil, -2 is none. */
static long long length_in(const char *text, size_t len)
{
	long long value = 0;
	if (len == 2 && text[0] == '-' && text[1] == '1') {
		return -1;
	}
	if (len == 0 || len > 9) {
		return -2;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return -2;
		}
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* An integer as hiredis will read it: it must not stumble. */
static int is_integer(const char *text, size_t len)
{
	size_t i = len > 0 && text[0] == '-';
	if (i == len || len > 18) {
		return 0;
	}
	for (; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return 0;
		}
	}
	return 1;
}

/* Another array of so many elements begins; 0 when it may not. */
static int go_down(struct redis_guard *guard, long long elements)
{
	if (elements < 0 || elements > REDIS_ELEMENTS_MAX - (long long)guard->elements ||
		(elements > 0 && guard->depth == REDIS_DEPTH_MAX)) {
		return 0;
	}
	guard->elements += (uint32_t)elements;
	if (elements > 0) {
		guard->left[guard->depth++] = (uint32_t)elements;
	}
	return 1;
}

/* An element has ended, and with it those it was the last of. */
static void go_up(struct redis_guard *guard)
{
	while (guard->depth > 0 && --guard->left[guard->depth - 1] == 0) {
		guard->depth--;
	}
}

/* One element: its own bytes, 0 for not all there, -1 for unsound. */
static long long element(struct redis_guard *guard, const char *data, size_t len)
{
	long long line = line_len(data, len);
	if (line <= 0) {
		return line;
	}
	size_t text_len = (size_t)line - 3;
	long long length = length_in(data + 1, text_len);
	switch (data[0]) {
	case '+':
	case '-':
		break;
	case ':':
		if (!is_integer(data + 1, text_len)) {
			return -1;
		}
		break;
	case '$':
		if (length < -1 || length > (long long)REDIS_STRING_MAX) {
			return -1;
		}
		line += length >= 0 ? length + 2 : 0;
		if (len < (size_t)line) {
			return 0;
		}
		if (length >= 0 && (data[line - 2] != '\r' || data[line - 1] != '\n')) {
			return -1;
		}
		break;
	case '*':
		if (length == -1) {
			break;
		}
		if (!go_down(guard, length)) {
			return -1;
		}
		return length > 0 ? line : (go_up(guard), line);
	default:
		return -1;
	}
	go_up(guard);
	return line;
}

long long mcpsess_redis_guard(struct redis_guard *guard, const char *data, size_t len)
{
	do {
		if (guard->at == len) {
			return 0;
		}
		long long taken = element(guard, data + guard->at, len - guard->at);
		if (taken <= 0) {
			return taken;
		}
		guard->at += (size_t)taken;
	} while (guard->depth > 0);
	return (long long)guard->at;
}

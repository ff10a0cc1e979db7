#include "http/text.h"

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct mcpsess_bytes mcpsess_http_trim(struct mcpsess_bytes text)
{
	const char *at = text.data;
	size_t len = text.len;
	while (len > 0 && is_blank(*at)) {
		at++;
		len--;
	}
	while (len > 0 && is_blank(at[len - 1])) {
		len--;
	}
	return mcpsess_mem(at, len);
}

int mcpsess_http_same(struct mcpsess_bytes a, struct mcpsess_bytes b)
{
	const char *left = a.data, *right = b.data;
	if (a.len != b.len || mcpsess_bytes_equal(a, b)) {
		return a.len == b.len;
	}
	for (size_t i = 0; i < a.len; i++) {
		if (lower(left[i]) != lower(right[i])) {
			return 0;
		}
	}
	return 1;
}

struct mcpsess_bytes mcpsess_http_from(struct mcpsess_bytes text, size_t at)
{
	if (at == 0) {
		return text;
	}
	return mcpsess_mem((const char *)text.data + at, text.len - at);
}

size_t mcpsess_http_find(struct mcpsess_bytes text, char c)
{
	const char *at = text.len > 0 ? memchr(text.data, c, text.len) : NULL;
	return at != NULL ? (size_t)(at - (const char *)text.data) : text.len;
}

static size_t element_end(struct mcpsess_bytes text, char separator)
{
	const char *at = text.data;
	int quoted = 0;
	if (mcpsess_http_find(text, '"') == text.len) {
		return mcpsess_http_find(text, separator);
	}
	for (size_t i = 0; i < text.len; i++) {
		if (quoted && at[i] == '\\') {
			i++;
		} else if (at[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && at[i] == separator) {
			return i;
		}
	}
	return text.len;
}

int mcpsess_http_next(struct mcpsess_bytes *rest, char separator, struct mcpsess_bytes *element)
{
	while (rest->len > 0) {
		size_t end = element_end(*rest, separator);
		struct mcpsess_bytes one = mcpsess_http_trim(mcpsess_mem(rest->data, end));
		*rest = mcpsess_http_from(*rest, end < rest->len ? end + 1 : end);
		if (one.len > 0) {
			*element = one;
			return 1;
		}
	}
	return 0;
}

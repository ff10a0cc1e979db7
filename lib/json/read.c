#include "json/json.h"

#include <mcpsess/error.h>

#include "json/text.h"

enum mcpsess_json_type mcpsess_json_type(struct mcpsess_bytes value)
{
	if (value.len == 0) {
		return MCPSESS_JSON_NONE;
	}
	switch (*(const char *)value.data) {
	case '{':
		return MCPSESS_JSON_OBJECT;
	case '[':
		return MCPSESS_JSON_ARRAY;
	case '"':
		return MCPSESS_JSON_STRING;
	case 't':
		return MCPSESS_JSON_TRUE;
	case 'f':
		return MCPSESS_JSON_FALSE;
	case 'n':
		return MCPSESS_JSON_NULL;
	default:
		return MCPSESS_JSON_NUMBER;
	}
}

/* What parts the tokens of an accepted text; where it stands is not asked again. */
static const unsigned char *skip_between(const unsigned char *at)
{
	while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t' || *at == ',' ||
		*at == ':') {
		at++;
	}
	return at;
}

static const unsigned char *skip_string(const unsigned char *at, const unsigned char *end)
{
	for (at = mcpsess_json_plain(at + 1, end); *at != '"'; at = mcpsess_json_plain(at, end)) {
		at += *at == '\\' ? 2 : 1;
	}
	return at + 1;
}

static const unsigned char *skip_container(const unsigned char *at, const unsigned char *end)
{
	size_t depth = 0;
	do {
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
	} while (depth > 0);
	return at;
}

static const unsigned char *skip_value(const unsigned char *at, const unsigned char *end)
{
	if (*at == '"') {
		return skip_string(at, end);
	}
	if (*at == '{' || *at == '[') {
		return skip_container(at, end);
	}
	while (*at > ' ' && *at != ',' && *at != '}' && *at != ']') {
		at++;
	}
	return at;
}

static struct mcpsess_bytes slice(const unsigned char *from, const unsigned char *to)
{
	return mcpsess_mem(from, (size_t)(to - from));
}

int mcpsess_json_next(struct mcpsess_json_walk *walk)
{
	enum mcpsess_json_type type = mcpsess_json_type(walk->within);
	if (type != MCPSESS_JSON_OBJECT && type != MCPSESS_JSON_ARRAY) {
		return 0;
	}
	const unsigned char *start = walk->within.data;
	const unsigned char *end = start + walk->within.len;
	const unsigned char *at = skip_between(start + (walk->at > 0 ? walk->at : 1));
	if (at == end - 1) {
		walk->at = walk->within.len - 1;
		return 0;
	}
	walk->name = mcpsess_mem(NULL, 0);
	if (type == MCPSESS_JSON_OBJECT) {
		const unsigned char *stop = skip_string(at, end);
		walk->name = slice(at, stop);
		at = skip_between(stop);
	}
	const unsigned char *stop = skip_value(at, end);
	walk->value = slice(at, stop);
	walk->at = (size_t)(stop - start);
	return 1;
}

struct mcpsess_bytes mcpsess_json_member(struct mcpsess_bytes object, struct mcpsess_bytes name)
{
	struct mcpsess_json_walk walk = { .within = object };
	while (mcpsess_json_next(&walk)) {
		if (mcpsess_json_is(walk.name, name)) {
			return walk.value;
		}
	}
	return mcpsess_mem(NULL, 0);
}

int mcpsess_json_is(struct mcpsess_bytes value, struct mcpsess_bytes text)
{
	if (mcpsess_json_type(value) != MCPSESS_JSON_STRING) {
		return 0;
	}
	const unsigned char *at = (const unsigned char *)value.data + 1;
	const unsigned char *end = at + value.len - 2;
	if (memchr(at, '\\', value.len - 2) == NULL) {
		return mcpsess_bytes_equal(slice(at, end), text);
	}
	const unsigned char *other = text.data;
	size_t left = text.len;
	while (at < end) {
		unsigned char point[4] = { *at };
		size_t len = 1;
		at = *at == '\\' ? mcpsess_json_unescape(at, point, &len) : at + 1;
		if (len > left || memcmp(point, other, len) != 0) {
			return 0;
		}
		other += len;
		left -= len;
	}
	return left == 0;
}

struct mcpsess_bytes mcpsess_json_string(struct mcpsess_bytes value, struct mcpsess_buffer *buffer)
{
	const struct mcpsess_bytes nothing = { NULL, 0 };
	if (mcpsess_json_type(value) != MCPSESS_JSON_STRING) {
		return nothing;
	}
	const unsigned char *at = (const unsigned char *)value.data + 1;
	const unsigned char *end = at + value.len - 2;
	if (memchr(at, '\\', value.len - 2) == NULL) {
		return slice(at, end);
	}
	/* An escape is never shorter than what it stands for. */
	char *start = mcpsess_buffer_reserve(buffer, value.len);
	if (start == NULL) {
		return nothing;
	}
	unsigned char *to = (unsigned char *)start;
	while (at < end) {
		size_t len = 1;
		if (*at == '\\') {
			at = mcpsess_json_unescape(at, to, &len);
		} else {
			*to = *at++;
		}
		to += len;
	}
	size_t len = (size_t)((char *)to - start);
	buffer->len += len;
	return mcpsess_mem(start, len);
}

int mcpsess_json_integer(struct mcpsess_bytes value, int64_t *out)
{
	const char *text = value.data;
	size_t negative = value.len > 0 && text[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative;
	uint64_t sum = 0;
	if (value.len == negative) {
		return MCPSESS_E_INVALID;
	}
	for (size_t i = negative; i < value.len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return MCPSESS_E_INVALID;
		}
		uint64_t digit = (uint64_t)(text[i] - '0');
		if (sum > (limit - digit) / 10) {
			return MCPSESS_E_INVALID;
		}
		sum = sum * 10 + digit;
	}
	/* Negated as unsigned: the least integer has no positive twin. */
	*out = (int64_t)(negative ? 0 - sum : sum);
	return MCPSESS_OK;
}

#include "json/json.h"

#include <mcpsess/error.h>

#include "json/text.h"

enum { DEPTH_MAX = 512, WANTS_MAX = 32 };

/* Slots of values to keep: the root, then the wants in their order. */
enum { NOBODY = -1, ROOT = 0 };

/*
 * Only the root and the values of wants hold wanted members, and the parents of a want are all
 * open while it is looked for. So the open containers that matter are the outermost ones.
 */
struct scan {
	const struct mcpsess_json_want *wants;
	size_t max_depth;
	size_t depth;   /* containers open */
	size_t watched; /* how many of them, from outside, have a slot */
	int twice;
	uint32_t children[WANTS_MAX + 1]; /* the wants in the object of a slot, a bit each */
	struct mcpsess_bytes values[WANTS_MAX + 1];
	signed char slots[WANTS_MAX + 2]; /* of the watched containers, by their depth */
	unsigned char closers[DEPTH_MAX + 1];
};

static const unsigned char *skip_space(const unsigned char *at, const unsigned char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
		at++;
	}
	return at;
}

/* The readers below return where a token ends, NULL when it is none. */

static const unsigned char *read_escape(const unsigned char *at, const unsigned char *end)
{
	if (end - at < 2) {
		return NULL;
	}
	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		return mcpsess_json_hex4(at + 2, end) ? at + 6 : NULL;
	default:
		return NULL;
	}
}

static const unsigned char *read_string(const unsigned char *at, const unsigned char *end)
{
	for (at++;;) {
		at = mcpsess_json_plain(at, end);
		if (at == end || *at < 0x20) {
			return NULL;
		}
		if (*at == '"') {
			return at + 1;
		}
		if (*at == '\\') {
			at = read_escape(at, end);
			if (at == NULL) {
				return NULL;
			}
		}
		while (at < end && *at >= 0x80) {
			size_t len = mcpsess_json_utf8(at, end);
			if (len == 0) {
				return NULL;
			}
			at += len;
		}
	}
}

static const unsigned char *read_digits(const unsigned char *at, const unsigned char *end)
{
	const unsigned char *start = at;
	while (at < end && *at >= '0' && *at <= '9') {
		at++;
	}
	return at > start ? at : NULL;
}

static const unsigned char *read_number(const unsigned char *at, const unsigned char *end)
{
	at += *at == '-';
	at = at < end && *at == '0' ? at + 1 : read_digits(at, end);
	if (at != NULL && at < end && *at == '.') {
		at = read_digits(at + 1, end);
	}
	if (at != NULL && at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		at = read_digits(at, end);
	}
	return at;
}

static const unsigned char *read_word(
	const unsigned char *at, const unsigned char *end, const char *word, size_t len)
{
	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0 ? at + len : NULL;
}

static const unsigned char *read_scalar(const unsigned char *at, const unsigned char *end)
{
	switch (*at) {
	case '"':
		return read_string(at, end);
	case 't':
		return read_word(at, end, "true", 4);
	case 'f':
		return read_word(at, end, "false", 5);
	case 'n':
		return read_word(at, end, "null", 4);
	default:
		return read_number(at, end);
	}
}

static int name_is(struct mcpsess_bytes name, const char *wanted)
{
	const char *text = (const char *)name.data + 1;
	size_t len = name.len - 2;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\') {
			return mcpsess_json_is(name, mcpsess_str(wanted));
		}
		if (text[i] != wanted[i]) {
			return 0;
		}
	}
	return wanted[len] == '\0';
}

static int find_slot(struct scan *scan, struct mcpsess_bytes name)
{
	uint32_t left = scan->children[scan->slots[scan->depth]];
	for (; left != 0; left &= left - 1) {
		int want = __builtin_ctz(left);
		if (name_is(name, scan->wants[want].name)) {
			if (scan->values[want + 1].data == NULL) {
				return want + 1;
			}
			scan->twice = 1;
		}
	}
	return NOBODY;
}

/* The name and colon before a member's value; before an element there is nothing to read. */
static const unsigned char *read_name(
	struct scan *scan, const unsigned char *at, const unsigned char *end, int *slot)
{
	*slot = NOBODY;
	if (scan->closers[scan->depth] != '}') {
		return at;
	}
	at = skip_space(at, end);
	if (at == end || *at != '"') {
		return NULL;
	}
	const unsigned char *name = at;
	at = read_string(name, end);
	if (at == NULL) {
		return NULL;
	}
	if (scan->depth == scan->watched) {
		*slot = find_slot(scan, mcpsess_mem(name, (size_t)(at - name)));
	}
	at = skip_space(at, end);
	return at < end && *at == ':' ? at + 1 : NULL;
}

static void end_value(struct scan *scan, int slot, const unsigned char *at)
{
	struct mcpsess_bytes *value = &scan->values[slot];
	value->len = (size_t)(at - (const unsigned char *)value->data);
}

static void open_container(struct scan *scan, int slot, unsigned char opener)
{
	scan->depth++;
	scan->closers[scan->depth] = opener == '{' ? '}' : ']';
	if (slot != NOBODY) {
		scan->watched = scan->depth;
		scan->slots[scan->depth] = (signed char)slot;
	}
}

/* Close what ends here, and return where the next value is to come, or where the root ended. */
static const unsigned char *end_containers(
	struct scan *scan, const unsigned char *at, const unsigned char *end)
{
	while (scan->depth > 0) {
		at = skip_space(at, end);
		if (at == end) {
			return NULL;
		}
		if (*at == ',') {
			return at + 1;
		}
		if (*at != scan->closers[scan->depth]) {
			return NULL;
		}
		at++;
		if (scan->depth == scan->watched) {
			end_value(scan, scan->slots[scan->depth], at);
			scan->watched--;
		}
		scan->depth--;
	}
	return at;
}

/* Read a scalar, or open a container: opened says that its first child comes next. */
static int read_value(struct scan *scan, int slot, const unsigned char **place,
	const unsigned char *end, int *opened)
{
	const unsigned char *at = *place;
	if (slot != NOBODY) {
		scan->values[slot].data = at;
	}
	*opened = *at == '{' || *at == '[';
	if (*opened) {
		if (scan->depth == scan->max_depth) {
			return MCPSESS_E_TOOBIG;
		}
		open_container(scan, slot, *at);
		at = skip_space(at + 1, end);
		*opened = at == end || *at != scan->closers[scan->depth];
	} else {
		at = read_scalar(at, end);
		if (at == NULL) {
			return MCPSESS_E_INVALID;
		}
		if (slot != NOBODY) {
			end_value(scan, slot, at);
		}
	}
	*place = at;
	return MCPSESS_OK;
}

static int run(struct scan *scan, const unsigned char *at, const unsigned char *end)
{
	int slot = ROOT;
	int opened;
	do {
		if (scan->depth > 0) {
			at = read_name(scan, at, end, &slot);
		}
		at = at != NULL ? skip_space(at, end) : end;
		if (at == end) {
			return MCPSESS_E_INVALID;
		}
		int status = read_value(scan, slot, &at, end, &opened);
		if (status != MCPSESS_OK) {
			return status;
		}
		at = opened ? at : end_containers(scan, at, end);
		if (at == NULL) {
			return MCPSESS_E_INVALID;
		}
	} while (scan->depth > 0);
	if (skip_space(at, end) != end) {
		return MCPSESS_E_INVALID;
	}
	/* Said last: a text that is not JSON at all is worse. */
	return scan->twice ? MCPSESS_E_EXISTS : MCPSESS_OK;
}

static int scan_text(struct scan *scan, struct mcpsess_bytes text, size_t max_depth,
	const struct mcpsess_json_want *wants, size_t count)
{
	if (text.len == 0 || count > WANTS_MAX) {
		return MCPSESS_E_INVALID;
	}
	/* Not all of it: the stack of closers alone would cost more than a short message. */
	memset(scan, 0, offsetof(struct scan, values));
	memset(scan->values, 0, (count + 1) * sizeof(scan->values[0]));
	scan->wants = wants;
	scan->max_depth = max_depth < DEPTH_MAX ? max_depth : DEPTH_MAX;
	for (size_t i = 0; i < count; i++) {
		scan->children[wants[i].parent + 1] |= UINT32_C(1) << i;
	}
	const unsigned char *at = text.data;
	return run(scan, at, at + text.len);
}

int mcpsess_json_scan(struct mcpsess_bytes text, size_t max_depth,
	const struct mcpsess_json_want *wants, size_t count, struct mcpsess_bytes *found)
{
	struct scan scan;
	int status = scan_text(&scan, text, max_depth, wants, count);
	if (status == MCPSESS_OK && count > 0) {
		memcpy(found, scan.values + 1, count * sizeof(*found));
	}
	return status;
}

int mcpsess_json_check(struct mcpsess_bytes text, size_t max_depth, struct mcpsess_bytes *value)
{
	struct scan scan;
	int status = scan_text(&scan, text, max_depth, NULL, 0);
	if (status == MCPSESS_OK) {
		*value = scan.values[ROOT];
	}
	return status;
}

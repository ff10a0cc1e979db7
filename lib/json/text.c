#include "json/text.h"

enum { REPLACEMENT = 0xfffd };

size_t mcpsess_json_utf8(const unsigned char *at, const unsigned char *end)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
	if (*at < 0xc2 || *at > 0xf4 || (size_t)(end - at) < len) {
		return 0;
	}
	uint32_t point = *at & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			return 0;
		}
		point = point << 6 | (at[i] & 0x3f);
	}
	int surrogate = point >= 0xd800 && point <= 0xdfff;
	return point >= least[len] && point <= 0x10ffff && !surrogate ? len : 0;
}

static int hex(unsigned char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mcpsess_json_hex4(const unsigned char *at, const unsigned char *end)
{
	if (end - at < 4) {
		return 0;
	}
	return hex(at[0]) >= 0 && hex(at[1]) >= 0 && hex(at[2]) >= 0 && hex(at[3]) >= 0;
}

static uint32_t unit(const unsigned char *at)
{
	return (uint32_t)(hex(at[0]) << 12 | hex(at[1]) << 8 | hex(at[2]) << 4 | hex(at[3]));
}

static size_t encode(uint32_t point, unsigned char out[4])
{
	if (point < 0x80) {
		out[0] = (unsigned char)point;
		return 1;
	}
	size_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (unsigned char)(0x80 | (point & 0x3f));
		point >>= 6;
	}
	out[0] = (unsigned char)(0xf00u >> len | point);
	return len;
}

static const unsigned char *unescape_unit(
	const unsigned char *at, unsigned char out[4], size_t *len)
{
	uint32_t point = unit(at + 2);
	at += 6;
	if (point >= 0xd800 && point <= 0xdfff) {
		/* The string's own quote keeps these two looks inside it. */
		uint32_t low = at[0] == '\\' && at[1] == 'u' ? unit(at + 2) : 0;
		if (point <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
			at += 6;
		} else {
			point = REPLACEMENT;
		}
	}
	*len = encode(point, out);
	return at;
}

const unsigned char *mcpsess_json_unescape(
	const unsigned char *at, unsigned char out[4], size_t *len)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	if (at[1] == 'u') {
		return unescape_unit(at, out, len);
	}
	const char *known = strchr(from, at[1]);
	out[0] = known != NULL ? (unsigned char)to[known - from] : at[1];
	*len = 1;
	return at + 2;
}

/* The bytes of strings: what scanning, reading and writing share. */
#ifndef MCPSESS_JSON_TEXT_H
#define MCPSESS_JSON_TEXT_H

#include <endian.h>

#include <mcpsess/types.h>

/* The first byte that is not plain ASCII text: a quote, a backslash, below 0x20, above 0x7f. Or
 * end. */
static inline const unsigned char *mcpsess_json_plain(
	const unsigned char *at, const unsigned char *end)
{
	const uint64_t ones = UINT64_MAX / 255;
	while (end - at >= 8) {
		uint64_t word;
		memcpy(&word, at, sizeof(word));
		word = le64toh(word);
		/* Borrows only reach bytes behind the first hit, and the first is all that counts.
		 */
		uint64_t hits = ((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones);
		hits = (hits | (word - ones * 0x20) | word) & ones * 0x80;
		if (hits != 0) {
			return at + __builtin_ctzll(hits) / 8;
		}
		at += 8;
	}
	while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\') {
		at++;
	}
	return at;
}

/* The length of the well-formed code point above U+007F at this place; 0 when there is none. */
size_t mcpsess_json_utf8(const unsigned char *at, const unsigned char *end);

/* Whether four hexadecimal digits are there. */
int mcpsess_json_hex4(const unsigned char *at, const unsigned char *end);

/*
 * The escape at this place in an accepted string as UTF-8: returns where it ends, and len is the
 * length of out. A lone surrogate becomes U+FFFD.
 */
const unsigned char *mcpsess_json_unescape(
	const unsigned char *at, unsigned char out[4], size_t *len);

#endif

#include "postgres.h"

/* In base64url, which a shell leaves alone: 43 hold a key, the last of them two bits too many. */
enum { CHARACTERS = 43, KEY = 32 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void mcpsess_postgres_put_cursor(const unsigned char *key, char *cursor)
{
	unsigned bits = 0, count = 0;
	for (size_t i = 0; i < KEY; i++) {
		bits = bits << 8 | key[i];
		for (count += 8; count >= 6; count -= 6) {
			*cursor++ = digits[bits >> (count - 6) & 63];
		}
	}
	*cursor++ = digits[bits << (6 - count) & 63];
	*cursor = '\0';
}

int mcpsess_postgres_get_cursor(const char *cursor, unsigned char *key)
{
	unsigned bits = 0, count = 0;
	size_t len = 0;
	if (strnlen(cursor, CHARACTERS + 1) != CHARACTERS) {
		return 0;
	}
	for (size_t i = 0; i < CHARACTERS; i++) {
		const char *digit = memchr(digits, cursor[i], sizeof(digits) - 1);
		if (digit == NULL) {
			return 0;
		}
		bits = bits << 6 | (unsigned)(digit - digits);
		count += 6;
		if (count >= 8 && len < KEY) {
			count -= 8;
			key[len++] = (unsigned char)(bits >> count);
		}
	}
	return (bits & 3) == 0;
}

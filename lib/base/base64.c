#include "base/base64.h"

#include <mcpsess/error.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t mcpsess_base64_encode(struct mcpsess_bytes in, char *out)
{
	const unsigned char *bytes = in.data;
	char *to = out;
	uint32_t bits = 0;
	int held = 0;
	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 6; held -= 6) {
			*to++ = alphabet[bits >> (held - 6) & 63];
		}
	}
	if (held > 0) {
		*to++ = alphabet[bits << (6 - held) & 63];
	}
	*to = '\0';
	return (size_t)(to - out);
}

int mcpsess_base64_decode(struct mcpsess_bytes in, unsigned char *out, size_t len)
{
	if (in.len != MCPSESS_BASE64_LEN(len)) {
		return MCPSESS_E_INVALID;
	}
	const char *text = in.data;
	uint32_t bits = 0;
	int held = 0;
	for (size_t i = 0; i < in.len; i++) {
		const char *at = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
		if (at == NULL) {
			return MCPSESS_E_INVALID;
		}
		bits = bits << 6 | (uint32_t)(at - alphabet);
		held += 6;
		if (held >= 8) {
			held -= 8;
			*out++ = (unsigned char)(bits >> held);
		}
	}
	return (bits & ((1u << held) - 1)) == 0 ? MCPSESS_OK : MCPSESS_E_INVALID;
}

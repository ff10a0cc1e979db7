/* Lengths in the encoded record: seven bits a byte, lowest first, in the shortest form. */
#ifndef MCPSESS_SESSION_VARINT_H
#define MCPSESS_SESSION_VARINT_H

#include <mcpsess/types.h>

/* The bytes it took; 0: cut off, too large, or longer than need be. */
static inline size_t mcpsess_varint_read(struct mcpsess_bytes bytes, size_t *out)
{
	const unsigned char *data = bytes.data;
	size_t value = 0;
	for (size_t i = 0; i < bytes.len && i < sizeof(value); i++) {
		value |= (size_t)(data[i] & 0x7f) << (7 * i);
		if (data[i] < 0x80) {
			*out = value;
			return data[i] == 0 && i > 0 ? 0 : i + 1;
		}
	}
	return 0;
}

static inline size_t mcpsess_varint_size(size_t value)
{
	size_t size = 1;
	while (value > 0x7f) {
		value >>= 7;
		size++;
	}
	return size;
}

/* Where the next byte goes. */
static inline unsigned char *mcpsess_varint_write(unsigned char *to, size_t value)
{
	while (value > 0x7f) {
		*to++ = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	*to++ = (unsigned char)value;
	return to;
}

#endif

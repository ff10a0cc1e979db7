/*
 * mcpsess/types.h - for everybody: the small types that every other header uses.
 *
 * Thread: any.
 */
#ifndef MCPSESS_TYPES_H
#define MCPSESS_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define MCPSESS_API __attribute__((visibility("default")))
#else
#define MCPSESS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of somebody's: never NUL-terminated unless a comment says so; {NULL, 0} is empty. */
struct mcpsess_bytes {
	const void *data;
	size_t len;
};

/** A 32-byte hash. All zero bytes stand for "none". */
struct mcpsess_digest {
	unsigned char bytes[32];
};

/** The bytes of a C string without its NUL; NULL is empty. They live as long as the string. */
static inline struct mcpsess_bytes mcpsess_str(const char *text)
{
	struct mcpsess_bytes bytes;
	bytes.data = text;
	bytes.len = text != NULL ? strlen(text) : 0;
	return bytes;
}

/** Bytes that lie somewhere: mcpsess_mem(buffer, n). */
static inline struct mcpsess_bytes mcpsess_mem(const void *data, size_t len)
{
	struct mcpsess_bytes bytes;
	bytes.data = data;
	bytes.len = len;
	return bytes;
}

/** 1 when both hold the same bytes, else 0. Not in constant time: never for secrets. */
static inline int mcpsess_bytes_equal(struct mcpsess_bytes a, struct mcpsess_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#ifdef __cplusplus
}
#endif

#endif

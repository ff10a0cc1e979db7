/* base64url without padding: RFC 4648, section 5. */
#ifndef MCPSESS_BASE_BASE64_H
#define MCPSESS_BASE_BASE64_H

#include <mcpsess/types.h>

#define MCPSESS_BASE64_LEN(n) (((n)*8 + 5) / 6)

/* out has room for MCPSESS_BASE64_LEN(in.len) + 1; a NUL ends it. Returns the length. */
size_t mcpsess_base64_encode(struct mcpsess_bytes in, char *out);

/* Exactly len bytes must come out, and no stray bits; else INVALID. */
int mcpsess_base64_decode(struct mcpsess_bytes in, unsigned char *out, size_t len);

#endif

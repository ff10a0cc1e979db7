/* SHA-256: FIPS 180-4. Here so that the core needs no crypto library to hide ids at rest. */
#ifndef MCPSESS_BASE_SHA256_H
#define MCPSESS_BASE_SHA256_H

#include <mcpsess/types.h>

struct mcpsess_sha256 {
	uint32_t state[8];
	uint64_t len;
	unsigned char block[64];
};

void mcpsess_sha256_init(struct mcpsess_sha256 *hash);
void mcpsess_sha256_update(struct mcpsess_sha256 *hash, struct mcpsess_bytes bytes);
void mcpsess_sha256_final(struct mcpsess_sha256 *hash, struct mcpsess_digest *out);

#endif

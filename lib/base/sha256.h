/* SHA-256: FIPS 180-4. Here so that the core needs no crypto library to hide ids at rest. */
#ifndef MCPSESS_BASE_SHA256_H
#define MCPSESS_BASE_SHA256_H

#include <mcpsess/types.h>

/* One block of 64 bytes into the state. */
typedef void mcpsess_sha256_compress(uint32_t state[8], const unsigned char *block);

struct mcpsess_sha256 {
	mcpsess_sha256_compress *compress;
	uint32_t state[8];
	uint64_t len;
	unsigned char block[64];
};

void mcpsess_sha256_init(struct mcpsess_sha256 *hash);
void mcpsess_sha256_update(struct mcpsess_sha256 *hash, struct mcpsess_bytes bytes);
void mcpsess_sha256_final(struct mcpsess_sha256 *hash, struct mcpsess_digest *out);

/* For any processor, and what init takes: the instructions of this one where it has some. */
mcpsess_sha256_compress mcpsess_sha256_plain;
mcpsess_sha256_compress *mcpsess_sha256_fastest(void);

/* FIPS 180-4, 4.2.2: the first 32 bits of the cube roots' fractions of the first 64 primes. */
extern const uint32_t mcpsess_sha256_k[64];

#endif

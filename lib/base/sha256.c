#include "base/sha256.h"

const uint32_t mcpsess_sha256_k[64] = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
	0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6,
	0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
	0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585,
	0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
	0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t rotate(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t load(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The words change roles from step to step: naming them anew is cheaper than moving them. */
#define STEP(a, b, c, d, e, f, g, h, i) \
	do { \
		uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + \
			     ((e & f) ^ (~e & g)) + mcpsess_sha256_k[i] + w[(i) % 16]; \
		d += t; \
		h = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + \
		    ((a & b) ^ (a & c) ^ (b & c)); \
	} while (0)

/* The next sixteen words of the message schedule, in the place of the last sixteen. */
static void extend(uint32_t w[16])
{
	for (int i = 0; i < 16; i++) {
		uint32_t x = w[(i + 1) % 16], y = w[(i + 14) % 16];
		w[i] += (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[(i + 9) % 16] +
			(rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
	}
}

void mcpsess_sha256_plain(uint32_t state[8], const unsigned char *block)
{
	uint32_t w[16];
	for (int i = 0; i < 16; i++) {
		w[i] = load(block + 4 * i);
	}
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	for (int i = 0; i < 64; i += 8) {
		if (i > 0 && i % 16 == 0) {
			extend(w);
		}
		STEP(a, b, c, d, e, f, g, h, i);
		STEP(h, a, b, c, d, e, f, g, i + 1);
		STEP(g, h, a, b, c, d, e, f, i + 2);
		STEP(f, g, h, a, b, c, d, e, i + 3);
		STEP(e, f, g, h, a, b, c, d, i + 4);
		STEP(d, e, f, g, h, a, b, c, i + 5);
		STEP(c, d, e, f, g, h, a, b, i + 6);
		STEP(b, c, d, e, f, g, h, a, i + 7);
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}
#undef STEP

void mcpsess_sha256_init(struct mcpsess_sha256 *hash)
{
	static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	hash->compress = mcpsess_sha256_fastest();
	memcpy(hash->state, start, sizeof(start));
	hash->len = 0;
}

void mcpsess_sha256_update(struct mcpsess_sha256 *hash, struct mcpsess_bytes bytes)
{
	const unsigned char *at = bytes.data;
	size_t left = bytes.len;
	while (left > 0) {
		size_t filled = hash->len % 64;
		size_t some = 64 - filled < left ? 64 - filled : left;
		memcpy(hash->block + filled, at, some);
		hash->len += some;
		at += some;
		left -= some;
		if (filled + some == 64) {
			hash->compress(hash->state, hash->block);
		}
	}
}

void mcpsess_sha256_final(struct mcpsess_sha256 *hash, struct mcpsess_digest *out)
{
	uint64_t bits = hash->len * 8;
	size_t filled = hash->len % 64;
	hash->block[filled++] = 0x80;
	if (filled > 56) {
		memset(hash->block + filled, 0, 64 - filled);
		hash->compress(hash->state, hash->block);
		filled = 0;
	}
	memset(hash->block + filled, 0, 56 - filled);
	for (int i = 0; i < 8; i++) {
		hash->block[56 + i] = (unsigned char)(bits >> (56 - 8 * i));
	}
	hash->compress(hash->state, hash->block);
	for (int i = 0; i < 32; i++) {
		out->bytes[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
	}
}

/* SHA-256 by a processor's own instructions: an id is hashed for each message that comes. */
#include "base/sha256.h"

/* Clang 14 cannot ask whether they are there. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 11
#include <immintrin.h>

/* The instructions want the state as the words a b e f and c d g h, from the highest down. */
__attribute__((target("sha,sse4.1"))) static void compress_x86(
	uint32_t state[8], const unsigned char *block)
{
	const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	__m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state + 1), 0x1b);
	__m128i abef = _mm_alignr_epi8(cdab, efgh, 8), abef_before = abef;
	__m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0), cdgh_before = cdgh;
	__m128i w[4];
	for (int i = 0; i < 4; i++) {
		w[i] = _mm_loadu_si128((const __m128i *)block + i);
		w[i] = _mm_shuffle_epi8(w[i], big_endian);
	}
	for (int i = 0; i < 16; i++) {
		__m128i k = _mm_loadu_si128((const __m128i *)mcpsess_sha256_k + i);
		__m128i wk = _mm_add_epi32(w[i % 4], k);
		cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
		abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0e));

		/* The four words that come 16 after these, in their place. */
		__m128i last = w[(i + 3) % 4];
		__m128i next = _mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]);
		next = _mm_add_epi32(next, _mm_alignr_epi8(last, w[(i + 2) % 4], 4));
		w[i % 4] = _mm_sha256msg2_epu32(next, last);
	}
	abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b);
	cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abef, cdgh, 0xf0));
	_mm_storeu_si128((__m128i *)state + 1, _mm_alignr_epi8(cdgh, abef, 8));
}

mcpsess_sha256_compress *mcpsess_sha256_fastest(void)
{
	return __builtin_cpu_supports("sha") && __builtin_cpu_supports("sse4.1")
		       ? compress_x86
		       : mcpsess_sha256_plain;
}
#else
mcpsess_sha256_compress *mcpsess_sha256_fastest(void)
{
	return mcpsess_sha256_plain;
}
#endif

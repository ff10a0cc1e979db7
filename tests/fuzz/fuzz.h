/* A fuzz target: one function that takes any bytes and aborts when a promise is broken. */
#ifndef MCPSESS_TESTS_FUZZ_H
#define MCPSESS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_require(int promise)
{
	if (!promise) {
		abort();
	}
}

#endif

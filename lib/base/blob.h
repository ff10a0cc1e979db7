/* Immutable bytes with a count of references: a reader keeps them while a writer replaces them.
 * They are aligned for any struct of 64-bit members. */
#ifndef MCPSESS_BASE_BLOB_H
#define MCPSESS_BASE_BLOB_H

#include "base/env.h"

/* data NULL: the caller fills the bytes before anyone else sees them. NULL without memory. */
void *mcpsess_blob_new(const struct mcpsess_env *env, const void *data, size_t len);
struct mcpsess_bytes mcpsess_blob_bytes(const void *blob);
void *mcpsess_blob_ref(void *blob);
/* NULL is fine. env must still be there. */
void mcpsess_blob_unref(void *blob);

#endif

#include "base/blob.h"

#include <stdatomic.h>

struct blob {
	const struct mcpsess_env *env;
	size_t len;
	atomic_uint refs;
	_Alignas(uint64_t) char data[];
};

void *mcpsess_blob_new(const struct mcpsess_env *env, const void *data, size_t len)
{
	struct blob *blob = NULL;
	if (len <= SIZE_MAX - sizeof(*blob)) {
		blob = mcpsess_realloc(env, NULL, sizeof(*blob) + len);
	}
	if (blob == NULL) {
		return NULL;
	}
	blob->env = env;
	blob->len = len;
	atomic_init(&blob->refs, 1);
	if (data != NULL && len > 0) {
		memcpy(blob->data, data, len);
	}
	return blob;
}

struct mcpsess_bytes mcpsess_blob_bytes(const void *blob)
{
	const struct blob *self = blob;
	return mcpsess_mem(self->data, self->len);
}

void *mcpsess_blob_ref(void *blob)
{
	struct blob *self = blob;
	atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
	return blob;
}

void mcpsess_blob_unref(void *blob)
{
	struct blob *self = blob;
	if (self != NULL && atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1) {
		mcpsess_free(self->env, self);
	}
}

/* Instead of seal.c where there is no libsodium: no key ring is ever made. */
#include "store/seal.h"

int mcpsess_seal_is_there(struct mcpsess_error *err)
{
	return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
		"seal_keys_file: this build of libmcpsess cannot seal, it has no libsodium");
}

int mcpsess_seal_make(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes payload, unsigned char *out)
{
	(void)ring, (void)of, (void)payload, (void)out;
	return MCPSESS_E_UNSUPPORTED;
}

int mcpsess_seal_look(const struct mcpsess_keyring *ring, struct mcpsess_bytes sealed, size_t *len,
	struct mcpsess_error *err)
{
	(void)ring, (void)sealed, (void)len;
	return mcpsess_seal_is_there(err);
}

int mcpsess_seal_open(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes sealed, unsigned char *out, struct mcpsess_error *err)
{
	(void)ring, (void)of, (void)sealed, (void)out;
	return mcpsess_seal_is_there(err);
}

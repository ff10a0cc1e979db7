/* Any bytes as a sealed payload, as a payload to be sealed, and as a file of keys. */
#include "fuzz.h"
#include "store/seal.h"

#include <mcpsess/error.h>

static const char keys[] = "one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"
			   "two AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI\n";

static const struct mcpsess_digest record = { { 1 } }, owner = { { 2 } };
static const struct mcpsess_seal_of of = { &record, &owner };

/* Either it opens whole, or it is refused with one line; never beyond its bytes. */
static int try_open(const struct mcpsess_keyring *ring, struct mcpsess_bytes sealed,
	unsigned char **opened, size_t *len)
{
	struct mcpsess_error err = { 0 };
	int r = mcpsess_seal_look(ring, sealed, len, &err);
	*opened = NULL;
	if (r == MCPSESS_OK) {
		fuzz_require(*len < sealed.len);
		*opened = malloc(*len + 1);
		r = mcpsess_seal_open(ring, of, sealed, *opened, &err);
	}
	fuzz_require(r == MCPSESS_OK || r == MCPSESS_E_CORRUPT);
	fuzz_require(r == MCPSESS_OK || (err.text[0] != '\0' && strchr(err.text, '\n') == NULL));
	return r;
}

static void check_round_trip(const struct mcpsess_keyring *ring, struct mcpsess_bytes payload)
{
	size_t len, sealed_len = payload.len + MCPSESS_SEAL_COST;
	unsigned char *opened, *sealed = malloc(sealed_len);
	fuzz_require(mcpsess_seal_make(ring, of, payload, sealed) == MCPSESS_OK);
	fuzz_require(try_open(ring, mcpsess_mem(sealed, sealed_len), &opened, &len) == MCPSESS_OK);
	fuzz_require(mcpsess_bytes_equal(mcpsess_mem(opened, len), payload));
	free(opened);
	sealed[payload.len % sealed_len] ^= 0x40;
	fuzz_require(try_open(ring, mcpsess_mem(sealed, sealed_len), &opened, &len) ==
		     MCPSESS_E_CORRUPT);
	free(opened);
	free(sealed);
}

static void check_keys(const struct mcpsess_env *env, struct mcpsess_bytes text)
{
	struct mcpsess_keyring *ring = NULL;
	int r = mcpsess_keyring_parse(env, text, &ring, NULL);
	fuzz_require(r == MCPSESS_OK || r == MCPSESS_E_INVALID);
	if (r == MCPSESS_OK) {
		check_round_trip(ring, text);
	}
	mcpsess_keyring_unref(ring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpsess_env env;
	struct mcpsess_keyring *ring;
	struct mcpsess_bytes bytes = mcpsess_mem(data, size);
	unsigned char *opened;
	size_t len;
	mcpsess_env_init(&env, NULL);
	fuzz_require(mcpsess_seal_is_there(NULL) == MCPSESS_OK);
	fuzz_require(mcpsess_keyring_parse(&env, mcpsess_str(keys), &ring, NULL) == MCPSESS_OK);
	(void)try_open(ring, bytes, &opened, &len);
	free(opened);
	check_round_trip(ring, bytes);
	check_keys(&env, bytes);
	mcpsess_keyring_unref(ring);
	return 0;
}

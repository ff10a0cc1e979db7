/* Sealing and opening a payload, against what libsodium takes for the same bytes. */
#include <sodium.h>

#include "bench.h"
#include "store/seal.h"

enum { LARGEST = 16384 };

enum { NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES };

static const struct mcpsess_digest record = { { 1 } }, owner = { { 2 } };
static const struct mcpsess_seal_of of = { &record, &owner };
static const unsigned char raw_key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES] = { 1 };
static unsigned char bound[97];

struct side {
	const struct mcpsess_keyring *ring;
	size_t len;
	unsigned char payload[LARGEST], sealed[LARGEST + 100], raw[LARGEST + 100];
};

static void check(int sound)
{
	if (!sound) {
		abort();
	}
}

static void seal(void *context, uint64_t times)
{
	struct side *side = context;
	for (; times > 0; times--) {
		check(mcpsess_seal_make(side->ring, of, mcpsess_mem(side->payload, side->len),
			      side->sealed) == 0);
	}
}

static void raw_seal(void *context, uint64_t times)
{
	struct side *side = context;
	for (; times > 0; times--) {
		randombytes_buf(side->raw, NONCE);
		check(crypto_aead_xchacha20poly1305_ietf_encrypt(side->raw + NONCE, NULL,
			      side->payload, side->len, bound, sizeof(bound), NULL, side->raw,
			      raw_key) == 0);
	}
}

static void open_it(void *context, uint64_t times)
{
	struct side *side = context;
	struct mcpsess_bytes sealed = mcpsess_mem(side->sealed, side->len + MCPSESS_SEAL_COST);
	size_t len;
	for (; times > 0; times--) {
		check(mcpsess_seal_look(side->ring, sealed, &len, NULL) == 0);
		check(mcpsess_seal_open(side->ring, of, sealed, side->payload, NULL) == 0);
	}
}

static void raw_open(void *context, uint64_t times)
{
	struct side *side = context;
	size_t len = side->len + crypto_aead_xchacha20poly1305_ietf_ABYTES;
	for (; times > 0; times--) {
		check(crypto_aead_xchacha20poly1305_ietf_decrypt(side->payload, NULL, NULL,
			      side->raw + NONCE, len, bound, sizeof(bound), side->raw,
			      raw_key) == 0);
	}
}

int main(void)
{
	static struct side side;
	static const size_t lens[] = { 200, 2048, LARGEST };
	struct mcpsess_env env;
	struct mcpsess_keyring *ring;
	mcpsess_env_init(&env, NULL);
	check(mcpsess_seal_is_there(NULL) == 0);
	check(mcpsess_keyring_parse(&env,
		      mcpsess_str("2026-01 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n"), &ring,
		      NULL) == 0);
	side.ring = ring;
	bench_title("one payload against raw libsodium, ns");
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char name[40];
		side.len = lens[i];
		snprintf(name, sizeof(name), "seal %zu bytes", side.len);
		bench_compare(name, (struct bench_side){ seal, &side },
			(struct bench_side){ raw_seal, &side }, "<= 1.1");
		snprintf(name, sizeof(name), "open %zu bytes", side.len);
		bench_compare(name, (struct bench_side){ open_it, &side },
			(struct bench_side){ raw_open, &side }, "<= 1.1");
	}
	mcpsess_keyring_unref(ring);
	return 0;
}

/* Keys, owners and refs: the names under which records are kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcpsess/store.h>

static struct mcpsess_digest key(const char *tenant, const char *id)
{
	struct mcpsess_digest out;
	mcp_session_store_key(mcpsess_str(tenant), mcpsess_str(id), &out);
	return out;
}

static struct mcpsess_digest owner(const char *tenant, const char *principal)
{
	struct mcpsess_digest out;
	mcp_session_store_owner(mcpsess_str(tenant), mcpsess_str(principal), &out);
	return out;
}

static void a_key_is_the_same_on_every_machine(void **state)
{
	(void)state;
	/* printf 'k1\0\0\0\0\0\0\0\4acmesession-1' | sha256sum */
	static const unsigned char known[32] = { 0x54, 0xb0, 0xb1, 0xa6, 0xf3, 0x0d, 0x21, 0x34,
		0x67, 0xa9, 0x22, 0x66, 0x1a, 0xa9, 0x3d, 0x98, 0xa2, 0x94, 0xf3, 0xab, 0xd3, 0x8d,
		0xe5, 0x07, 0x90, 0x81, 0x5c, 0x46, 0x34, 0xfc, 0x19, 0x25 };
	struct mcpsess_digest made = key("acme", "session-1");
	assert_memory_equal(made.bytes, known, sizeof(known));
}

static void tenants_ids_and_owners_never_run_together(void **state)
{
	(void)state;
	const struct mcpsess_digest all[] = { key("a", "bc"), key("ab", "c"), key("", "abc"),
		key("abc", ""), owner("a", "bc"), owner("ab", "c"), owner("", "abc") };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (size_t j = 0; j < i; j++) {
			assert_memory_not_equal(&all[i], &all[j], sizeof(all[i]));
		}
	}
}

static void an_empty_principal_is_nobody_in_every_tenant(void **state)
{
	(void)state;
	const struct mcpsess_digest nobody = { { 0 } };
	struct mcpsess_digest made = owner("acme", "");
	assert_memory_equal(&made, &nobody, sizeof(nobody));
	made = owner(NULL, NULL);
	assert_memory_equal(&made, &nobody, sizeof(nobody));
}

static void a_ref_names_its_key_and_nothing_else_does(void **state)
{
	(void)state;
	struct mcpsess_digest made = key("acme", "session-1"), back = { { 0 } };
	char ref[44];
	mcp_session_store_ref(&made, ref);
	assert_int_equal(strlen(ref), 43);
	assert_int_equal(mcp_session_store_unref(mcpsess_str(ref), &back), MCPSESS_OK);
	assert_memory_equal(&back, &made, sizeof(made));

	static const char *const bad[] = { "", "short", "!",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			mcp_session_store_unref(mcpsess_str(bad[i]), &back), MCPSESS_E_INVALID);
		assert_memory_equal(&back, &made, sizeof(made));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_the_same_on_every_machine),
		cmocka_unit_test(tenants_ids_and_owners_never_run_together),
		cmocka_unit_test(an_empty_principal_is_nobody_in_every_tenant),
		cmocka_unit_test(a_ref_names_its_key_and_nothing_else_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

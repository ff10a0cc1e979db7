/* A build without libsodium: asked to seal, it says that it cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcpsess/store.h>

static void a_build_without_libsodium_says_so(void **state)
{
	(void)state;
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	assert_int_equal(
		mcp_session_store_open("memory:?seal_keys_file=/dev/null", NULL, &store, &err),
		MCPSESS_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "libsodium"));
	assert_null(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_build_without_libsodium_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <mcpsess/error.h>

static const struct {
	int status;
	const char *name;
	const char *text;
} errors[] = {
	/* clang-format off */
	{ MCPSESS_OK, "ok", "no error" },
	{ MCPSESS_PENDING, "pending", "not over yet" },
#define ERROR_ROW(name, value, text) { value, #name, text },
	MCPSESS_ERRORS(ERROR_ROW)
#undef ERROR_ROW
	/* clang-format on */
};

const char *mcpsess_strerror(int status)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].status == status) {
			return errors[i].text;
		}
	}
	return "not a status of mcpsess";
}

const char *mcpsess_status_name(int status)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].status == status) {
			return errors[i].name;
		}
	}
	return "none";
}

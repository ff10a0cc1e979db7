/* What a later release writes into each record that this one does not know. */
#include <mcpsess/error.h>

#include "session/record.h"

static const char mark[] = "kept by a later release";

int __real_mcpsess_record_begin(struct mcpsess_buffer *buffer, struct mcpsess_bytes version);
int __wrap_mcpsess_record_begin(struct mcpsess_buffer *buffer, struct mcpsess_bytes version);

int __wrap_mcpsess_record_begin(struct mcpsess_buffer *buffer, struct mcpsess_bytes version)
{
	int status = __real_mcpsess_record_begin(buffer, version);
	if (status == MCPSESS_OK) {
		status = mcpsess_record_put(
			buffer, SIZE_MAX, LATER_TAG, mcpsess_mem(NULL, 0), mcpsess_str(mark));
	}
	return status;
}

#include <mcpsess/store.h>

#include "base/blob.h"

void mcp_session_store_answer_clear(struct mcp_session_store_answer *answer)
{
	mcpsess_blob_unref(answer->blob);
	memset(answer, 0, sizeof(*answer));
}

/* Walks through a store's list, and what of a set of records they met. */
#ifndef MCPSESS_TESTS_WALK_H
#define MCPSESS_TESTS_WALK_H

#include "kit.h"

struct mcpsess_kit_walk {
	const struct mcp_session_store_request *asks; /* the records looked for */
	unsigned count;
	unsigned *met;   /* how often each was listed */
	unsigned others; /* entries that are none of them */
	unsigned pages;
	struct mcp_session_store_request page; /* for the next page: owner, flags, page, cursor */
	int over;
};

/* Begin a walk: the owner's records, or everybody's with ANY_OWNER in flags. */
void mcpsess_kit_walk_begin(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk,
	const struct mcpsess_digest *owner, uint32_t flags, uint32_t page);
/* Read the next page. Whether that kept the promises of lists. */
int mcpsess_kit_walk_on(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk);
/* Read all pages. */
int mcpsess_kit_walk_all(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk);

#endif

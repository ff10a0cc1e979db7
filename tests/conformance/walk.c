#include "walk.h"

enum { PAGES_MAX = 100000 };

void mcpsess_kit_walk_begin(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk,
	const struct mcpsess_digest *owner, uint32_t flags, uint32_t page)
{
	walk->met = mcpsess_kit_alloc(kit, (walk->count + 1) * sizeof(walk->met[0]));
	walk->others = 0;
	walk->pages = 0;
	walk->over = 0;
	memset(&walk->page, 0, sizeof(walk->page));
	if (owner != NULL) {
		walk->page.owner = *owner;
	}
	walk->page.flags = flags;
	walk->page.page = page;
}

static void meet(struct mcpsess_kit_walk *walk, const struct mcpsess_digest *key)
{
	for (unsigned i = 0; i < walk->count; i++) {
		if (memcmp(&walk->asks[i].key, key, sizeof(*key)) == 0) {
			walk->met[i]++;
			return;
		}
	}
	walk->others++;
}

int mcpsess_kit_walk_on(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk)
{
	const struct mcp_session_store_answer *a = &kit->answer;
	uint32_t most = walk->page.page == 0 ? 100 : walk->page.page;
	int status = mcpsess_kit_do(kit, KIT_LIST, &walk->page);
	if (!mcpsess_kit_want(kit, status, MCPSESS_OK, "a page of a list")) {
		return 0;
	}
	if (a->entry_count > most) {
		return mcpsess_kit_fail(kit,
			"a page has at most the entries asked for: %u wanted, %zu came", most,
			a->entry_count);
	}
	for (size_t i = 0; i < a->entry_count; i++) {
		if (!(walk->page.flags & MCP_SESSION_STORE_ANY_OWNER) &&
			memcmp(&a->entries[i].owner, &walk->page.owner, sizeof(walk->page.owner)) !=
				0) {
			return mcpsess_kit_fail(
				kit, "a list shows the owner's records only: another's came");
		}
		meet(walk, &a->entries[i].key);
	}
	if (memchr(a->cursor, '\0', sizeof(a->cursor)) == NULL) {
		return mcpsess_kit_fail(kit, "a cursor is a string: one without an end came");
	}
	memcpy(walk->page.cursor, a->cursor, sizeof(a->cursor));
	walk->over = a->cursor[0] == '\0';
	if (++walk->pages > PAGES_MAX) {
		return mcpsess_kit_fail(kit, "a list ends: after %u pages it had not", walk->pages);
	}
	return 1;
}

int mcpsess_kit_walk_all(struct mcpsess_kit *kit, struct mcpsess_kit_walk *walk)
{
	while (!walk->over) {
		if (!mcpsess_kit_walk_on(kit, walk)) {
			return 0;
		}
	}
	return 1;
}

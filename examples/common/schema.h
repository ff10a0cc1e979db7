/* Examples make their tables themselves; a database's owner may have other ideas. */
#ifndef EXAMPLES_SCHEMA_H
#define EXAMPLES_SCHEMA_H

/* The URI of a Postgres store, unless it says otherwise, with migrate=create, in out; else as it
 * was. */
const char *schema_created(const char *uri, char *out, unsigned capacity);

#endif

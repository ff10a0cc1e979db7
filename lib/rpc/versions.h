/* The revisions of the protocol with an initialize handshake. */
#ifndef MCPSESS_RPC_VERSIONS_H
#define MCPSESS_RPC_VERSIONS_H

#include <mcpsess/types.h>

#define MCPSESS_VERSION_BATCHES "2025-03-26" /* the only one with batches */
#define MCPSESS_VERSION_ASSUMED "2025-03-26" /* where nobody says: since 2025-06-18 */

/* The newest one known. */
const char *mcpsess_version_newest(void);

/* Whether it is known and not newer than newest. */
int mcpsess_version_known(struct mcpsess_bytes version, const char *newest);

#endif

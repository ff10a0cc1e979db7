/* Sessions without a message: what a host creates, loads, saves and ends by itself. */
#include "session/session.h"

#include <mcpsess/error.h>

enum { MAX_DATA_DEFAULT = 65536 };

/* A session with what a layer would keep for it. */
struct placed {
	struct mcpsess_session session; /* first: the host holds a pointer to it */
	struct mcpsess_env env;
	struct mcpsess_access access;
};

static int tell(const struct mcpsess_session *session, int status, struct mcpsess_error *err)
{
	if (status < 0 && session->call.error.status == status) {
		return mcpsess_fail(
			err, status, session->call.error.sys, "%s", session->call.error.text);
	}
	return status < 0 ? mcpsess_fail(err, status, 0, "%s", mcpsess_strerror(status)) : status;
}

static int place(
	const struct mcpsess_session_place *where, struct placed **out, struct mcpsess_error *err)
{
	struct mcpsess_env env;
	if ((where->store == NULL) == (where->pool == NULL)) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"a session's place needs a store or a pool, and not both");
	}
	mcpsess_env_init(&env, where->hooks);
	struct placed *placed = mcpsess_alloc(&env, sizeof(*placed));
	if (placed == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no memory for a session");
	}
	placed->env = env;
	placed->access.store = where->store;
	placed->access.pool = where->pool;
	placed->access.env = &placed->env;
	mcpsess_session_init(&placed->session, &placed->env, &placed->access,
		where->max_data > 0 ? where->max_data : MAX_DATA_DEFAULT);
	placed->session.blocking = 1;
	*out = placed;
	return MCPSESS_OK;
}

static int hand_over(
	struct placed *placed, int status, struct mcpsess_session **out, struct mcpsess_error *err)
{
	status = tell(&placed->session, status, err);
	if (status < 0) {
		mcpsess_session_destroy(&placed->session);
		return status;
	}
	*out = &placed->session;
	return MCPSESS_OK;
}

int mcpsess_session_create(const struct mcpsess_session_place *where, struct mcpsess_bytes version,
	struct mcpsess_session **out, struct mcpsess_error *err)
{
	struct placed *placed;
	int status = place(where, &placed, err);
	if (status < 0) {
		return status;
	}
	status = mcpsess_session_begin(&placed->session, where->tenant, where->principal, version,
		MCP_SESSION_STORE_ACTIVE);
	return hand_over(placed, status, out, err);
}

int mcpsess_session_load(const struct mcpsess_session_place *where, struct mcpsess_bytes id,
	struct mcpsess_session **out, struct mcpsess_error *err)
{
	struct placed *placed;
	int status = place(where, &placed, err);
	if (status < 0) {
		return status;
	}
	status = mcpsess_session_fetch(
		&placed->session, where->tenant, where->principal, id, MCP_SESSION_STORE_TOUCH);
	return hand_over(placed, status, out, err);
}

int mcpsess_session_open_ref(const struct mcpsess_session_place *where, struct mcpsess_bytes ref,
	struct mcpsess_session **out, struct mcpsess_error *err)
{
	struct mcpsess_digest key;
	struct placed *placed;
	if (mcp_session_store_unref(ref, &key) < 0) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "not the ref of a record");
	}
	int status = place(where, &placed, err);
	if (status < 0) {
		return status;
	}
	status = mcpsess_session_fetch_key(&placed->session, &key, 0);
	return hand_over(placed, status, out, err);
}

int mcpsess_session_save(struct mcpsess_session *session, struct mcpsess_error *err)
{
	int was = session->blocking;
	session->blocking = 1;
	int status = mcpsess_session_commit(session);
	session->blocking = was;
	return tell(session, status, err);
}

int mcpsess_session_end(struct mcpsess_session *session, struct mcpsess_error *err)
{
	int was = session->blocking;
	session->blocking = 1;
	int status = mcpsess_session_remove(session);
	session->blocking = was;
	return tell(session, status, err);
}

void mcpsess_session_destroy(struct mcpsess_session *session)
{
	if (session != NULL) {
		struct placed *placed = (struct placed *)session;
		struct mcpsess_env env = placed->env;
		mcpsess_session_release(session);
		mcpsess_free(&env, placed);
	}
}

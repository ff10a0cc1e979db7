#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls {
	SSL *ssl;
	BIO_METHOD *method;
	int fd;
	int sys; /* of the last failure below */
};

int mcpsess_redis_tls_is_there(void)
{
	return 1;
}

/* -- the socket below: OpenSSL's own would raise SIGPIPE ------------------------------------- */

static int bio_write(BIO *bio, const char *data, int len)
{
	struct redis_tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	ssize_t n = send(tls->fd, data, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		BIO_set_retry_write(bio);
	}
	tls->sys = n < 0 ? errno : 0;
	return (int)n;
}

static int bio_read(BIO *bio, char *data, int len)
{
	struct redis_tls *tls = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	ssize_t n = recv(tls->fd, data, (size_t)len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		BIO_set_retry_read(bio);
	}
	tls->sys = n < 0 ? errno : 0;
	return (int)n;
}

static long bio_control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio, (void)number, (void)pointer;
	return what == BIO_CTRL_FLUSH;
}

static int put_on_socket(struct redis_tls *tls)
{
	tls->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "redis");
	BIO *bio = NULL;
	if (tls->method != NULL && BIO_meth_set_write(tls->method, bio_write) &&
		BIO_meth_set_read(tls->method, bio_read) &&
		BIO_meth_set_ctrl(tls->method, bio_control)) {
		bio = BIO_new(tls->method);
	}
	if (bio == NULL) {
		return 0;
	}
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return 1;
}

/* -- who may be spoken to --------------------------------------------------------------------- */

/* Nobody is asked for the password of a key. */
static int no_password(char *out, int capacity, int writing, void *data)
{
	(void)out, (void)capacity, (void)writing, (void)data;
	return 0;
}

/* What could not be done, or NULL. */
static const char *load(SSL_CTX *context, const struct redis_tls_config *config)
{
	SSL_CTX_set_default_passwd_cb(context, no_password);
	if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)) {
		return "TLS 1.2 is not to be had";
	}
	int r = config->ca != NULL ? SSL_CTX_load_verify_locations(context, config->ca, NULL)
				   : SSL_CTX_set_default_verify_paths(context);
	if (r != 1) {
		return "the certificates of tls_ca cannot be read";
	}
	if (config->cert != NULL &&
		SSL_CTX_use_certificate_chain_file(context, config->cert) != 1) {
		return "the certificate of tls_cert cannot be read";
	}
	if (config->key != NULL &&
		(SSL_CTX_use_PrivateKey_file(context, config->key, SSL_FILETYPE_PEM) != 1 ||
			SSL_CTX_check_private_key(context) != 1)) {
		return "the key of tls_key cannot be read, or is not that of tls_cert";
	}
	return NULL;
}

/* An address is looked for among the addresses, a name among the names, and sent ahead. */
static int expect(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1) {
		return 1;
	}
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

/* -- from outside ------------------------------------------------------------------------------ */

static const char *make(
	struct redis_tls *tls, const struct redis_tls_config *config, const char *host)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	if (context == NULL) {
		return "no memory for TLS";
	}
	const char *problem = load(context, config);
	if (problem == NULL) {
		tls->ssl = SSL_new(context);
		if (tls->ssl == NULL || !expect(tls->ssl, host) || !put_on_socket(tls)) {
			problem = "no memory for TLS";
		} else {
			SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
						       SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		}
	}
	SSL_CTX_free(context);
	return problem;
}

enum redis_io mcpsess_redis_tls_begin(struct redis_socket *socket,
	const struct redis_tls_config *config, const char *host, int *sys, char *why,
	size_t capacity)
{
	ERR_clear_error();
	struct redis_tls *tls = OPENSSL_zalloc(sizeof(*tls));
	const char *problem = "no memory for TLS";
	if (tls != NULL) {
		tls->fd = socket->fd;
		socket->tls = tls;
		problem = make(tls, config, host);
	}
	ERR_clear_error();
	if (problem != NULL) {
		snprintf(why, capacity, "%s", problem);
		*sys = EACCES;
		return REDIS_IO_FAILED;
	}
	return mcpsess_redis_tls_handshake(socket, sys, why, capacity);
}

static enum redis_io io_of(struct redis_tls *tls, int result, int *sys)
{
	int error = SSL_get_error(tls->ssl, result);
	*sys = 0;
	switch (error) {
	case SSL_ERROR_NONE:
		return REDIS_IO_OK;
	case SSL_ERROR_WANT_READ:
		return REDIS_IO_READ;
	case SSL_ERROR_WANT_WRITE:
		return REDIS_IO_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return REDIS_IO_CLOSED;
	default:
		*sys = tls->sys != 0 ? tls->sys : EPROTO;
		return REDIS_IO_FAILED;
	}
}

enum redis_io mcpsess_redis_tls_handshake(
	struct redis_socket *socket, int *sys, char *why, size_t capacity)
{
	SSL *ssl = socket->tls->ssl;
	int failed;
	ERR_clear_error();
	enum redis_io io = io_of(socket->tls, SSL_connect(ssl), &failed);
	*sys = 0;
	if (io == REDIS_IO_FAILED || io == REDIS_IO_CLOSED) {
		long verdict = SSL_get_verify_result(ssl);
		const char *reason = ERR_reason_error_string(ERR_peek_error());
		snprintf(why, capacity, "TLS is refused: %s",
			verdict != X509_V_OK ? X509_verify_cert_error_string(verdict)
			: reason != NULL     ? reason
					     : "the server hung up");
		*sys = verdict != X509_V_OK ? EACCES : 0;
		io = REDIS_IO_FAILED;
	}
	ERR_clear_error();
	return io;
}

enum redis_io mcpsess_redis_tls_read(
	struct redis_socket *socket, void *data, size_t len, size_t *moved, int *sys)
{
	ERR_clear_error();
	*moved = 0;
	int r = SSL_read_ex(socket->tls->ssl, data, len, moved);
	return io_of(socket->tls, r, sys);
}

enum redis_io mcpsess_redis_tls_write(
	struct redis_socket *socket, const void *data, size_t len, size_t *moved, int *sys)
{
	ERR_clear_error();
	*moved = 0;
	int r = SSL_write_ex(socket->tls->ssl, data, len, moved);
	return io_of(socket->tls, r, sys);
}

int mcpsess_redis_tls_pends(const struct redis_socket *socket)
{
	return SSL_pending(socket->tls->ssl) > 0;
}

void mcpsess_redis_tls_end(struct redis_socket *socket)
{
	struct redis_tls *tls = socket->tls;
	if (tls != NULL) {
		SSL_free(tls->ssl);
		BIO_meth_free(tls->method);
		OPENSSL_free(tls);
		socket->tls = NULL;
		ERR_clear_error();
	}
}

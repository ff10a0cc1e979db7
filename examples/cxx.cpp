/*
 * cxx: a C++11 host. Handles that close themselves, failures as exceptions, a thread for each
 * connection.
 */
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include <mcpsess/http.h>

#include "common/count.h"
#include "common/http1.h"
#include "common/settings.h"

namespace
{

const std::size_t max_body = 65536;

struct Close {
	void operator()(mcp_session_store_pool *pool) const
	{
		mcp_session_store_pool_close(pool);
	}
	void operator()(mcpsess_rpc *rpc) const
	{
		mcpsess_rpc_destroy(rpc);
	}
	void operator()(mcpsess_http *http) const
	{
		mcpsess_http_destroy(http);
	}
	void operator()(mcpsess_http_exchange *exchange) const
	{
		mcpsess_http_end(exchange);
	}
};

template <typename T> using Handle = std::unique_ptr<T, Close>;

/* make(&raw, &err) as a handle, or an exception that says why not. */
template <typename T, typename Make> Handle<T> open(Make make)
{
	T *raw = nullptr;
	mcpsess_error err;
	if (make(&raw, &err) < 0) {
		throw std::runtime_error(err.text);
	}
	return Handle<T>(raw);
}

void answer(mcpsess_http *http, int fd, const mcpsess_http_request &request)
{
	mcpsess_http_exchange *raw = nullptr;
	mcpsess_verdict verdict = mcpsess_http_begin(http, &request, &raw);
	Handle<mcpsess_http_exchange> exchange(raw);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = count_handle(mcpsess_http_message(raw));
	}
	mcpsess_bytes text = mcpsess_http_text(raw);
	http1_send_all(fd, text.len > 0 ? text : mcpsess_str(http1_refusal(503)));
}

/* Answer requests until the client hangs up or sends what is none. */
void converse(mcpsess_http *http, const char *path, int fd)
{
	std::vector<char> in(HTTP1_MAX_HEAD + max_body);
	std::size_t len = 0;
	http1_request request;
	int status = 0;
	while (status == 0 || status == 200) {
		status = http1_parse(mcpsess_bytes{ in.data(), len }, path, max_body, &request);
		if (status == 200) {
			answer(http, fd, request.http);
			len -= request.length;
			std::memmove(in.data(), in.data() + request.length, len);
		} else if (status != 0) {
			http1_refuse(fd, status);
		} else if (http1_receive(fd, in.data(), in.size(), &len) < 0) {
			status = -1;
		}
	}
	close(fd);
}

void run(const settings &settings)
{
	mcpsess_rpc_options options = {};
	mcpsess_http_options http_options = {};
	auto pool = open<mcp_session_store_pool>([&](mcp_session_store_pool **out,
							 mcpsess_error *err) {
		return mcp_session_store_pool_open(settings.store, &settings.options, 0, out, err);
	});
	options.size = sizeof(options);
	options.pool = pool.get();
	options.server_name = settings.server_name;
	options.server_version = settings.server_version;
	options.newest_version = settings.protocol_version;
	options.max_message = max_body;
	auto rpc = open<mcpsess_rpc>([&](mcpsess_rpc **out, mcpsess_error *err) {
		return mcpsess_rpc_create(&options, out, err);
	});
	http_options.size = sizeof(http_options);
	http_options.rpc = rpc.get();
	http_options.hosts = settings.allow_host;
	auto http = open<mcpsess_http>([&](mcpsess_http **out, mcpsess_error *err) {
		return mcpsess_http_create(&http_options, out, err);
	});
	int listener = http1_listen(settings.host, settings.port, settings.path);
	if (listener < 0) {
		throw std::runtime_error("cannot listen");
	}
	std::thread([&] {
		for (;;) {
			std::this_thread::sleep_for(
				std::chrono::milliseconds(mcpsess_rpc_tick(rpc.get())));
		}
	}).detach();
	for (;;) {
		int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
		if (fd >= 0) {
			std::thread(converse, http.get(), settings.path, fd).detach();
		}
	}
}

} // namespace

int main(int argc, char **argv)
{
	settings settings;
	settings_read(&settings, "cxx", argc, argv);
	try {
		run(settings);
	} catch (const std::exception &error) {
		std::fprintf(stderr, "cxx: %s\n", error.what());
	}
	return EXIT_FAILURE;
}

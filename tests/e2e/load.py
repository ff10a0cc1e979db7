#!/usr/bin/env python3
"""The documented load test: a hundred sessions over ten virtual hosts, ten requests each."""
import concurrent.futures

from mcp import Client, Server, check, equal, opened, run

SESSIONS, REQUESTS, HOSTS = 100, 10, 10


def host(number):
    return f"echo-stateful{number % HOSTS}.example.com"


def virtual():
    return Server("--tenant-by-host", "--allow-host", "*.example.com")


@check
def a_hundred_sessions_of_ten_requests_count_their_own():
    with virtual() as server:
        clients = [opened(server, Host=host(n)) for n in range(SESSIONS)]
        equal(len({c.session for c in clients}), SESSIONS, "different ids")

        def talk(number):
            for request in range(REQUESTS):
                message = f"Session {number}, Request {request}"
                equal(message in clients[number].call("echo", message=message), True, message)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            list(pool.map(talk, range(SESSIONS)))
        for client in clients:
            equal(client.info()["request_count"], REQUESTS, "requests")
        equal(server.sessions(), SESSIONS, "sessions")


@check
def requests_of_one_session_at_the_same_time_are_all_counted():
    with virtual() as server:
        first = opened(server, Host=host(0))

        def talk(number):
            client = Client(server, Host=host(0))
            client.session = first.session
            client.call("echo", message=str(number))
            client.call("set_session_data", key=f"k{number}", value=number)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(talk, range(40)))
        info = first.info()
        equal(info["request_count"], 80, "requests")
        equal(sorted(info["data_keys"]), sorted(f"k{n}" for n in range(40)), "keys")


@check
def virtual_hosts_do_not_share_sessions():
    with virtual() as server:
        client = opened(server, Host=host(0))
        client.call("set_session_data", key="k", value=1)
        stranger = Client(server, Host=host(1))
        stranger.session = client.session
        equal(stranger.ask("ping").status, 404, "another host")
        stranger.headers["Host"] = host(0) + ":3000"
        equal(stranger.call("get_session_data", key="k"), "1", "the same host with a port")
        equal(Client(server, Host="echo.example.org").ask("ping").status, 403, "not allowed")


run()

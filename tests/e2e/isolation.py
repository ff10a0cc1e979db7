#!/usr/bin/env python3
"""What belongs to one session or one principal never reaches another."""
import concurrent.futures
import tempfile
import time

from mcp import Client, Server, check, equal, initialize, opened, run, until


def body(method, ident, **params):
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


@check
def the_same_ids_in_two_sessions_never_cross():
    with Server() as server:
        def talk(name):
            client = opened(server)
            for number in range(200):
                answer = client.send("POST", body("tools/call", number % 5, name="echo",
                                                  arguments={"message": f"{name}-{number}"}))
                equal(answer.json()["id"], number % 5, "id")
                equal(answer.session in (None, client.session), True, "session of the answer")
                equal(f"{name}-{number}" in answer.body.decode(), True, answer.body)
            return client.info()["request_count"]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            equal(list(pool.map(talk, "abcd")), [200] * 4, "counts")


@check
def a_slow_call_answers_for_its_own_session_while_another_is_served():
    with Server() as server:
        slow, fast = opened(server), opened(server)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pending = pool.submit(slow.ask, "tools/call", {
                "name": "echo", "arguments": {"message": "slow", "delay": 1}})
            done_before = 0
            while not pending.done():
                answer = fast.ask("tools/call", {"name": "echo", "arguments": {"message": "fast"}})
                equal(answer.session in (None, fast.session), True, "session of the fast one")
                equal(b"fast" in answer.body, True, answer.body)
                done_before += not pending.done()
            answer = pending.result()
        equal(done_before > 0, True, "the fast ones were served meanwhile")
        equal(answer.session in (None, slow.session), True, "session of the slow one")
        equal(b"slow" in answer.body, True, answer.body)


@check
def data_of_one_session_is_not_seen_by_another():
    with Server() as server:
        one, two = opened(server), opened(server)
        one.call("set_session_data", key="secret", value="mine")
        equal(two.call("get_session_data"), "{}")
        equal(two.info()["data_keys"], [])


def with_tokens():
    tokens = tempfile.NamedTemporaryFile("w", suffix=".tokens")
    tokens.write("alpha-token-0123456789 alice\nbeta-token-0123456789 bob\n")
    tokens.flush()
    return tokens


@check
def without_a_token_it_is_401_and_nothing_is_made():
    with with_tokens() as tokens, Server("--auth-token", tokens.name) as server:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"},
                        {"Authorization": "Bearer "}, {"Authorization": "alpha-token-0123456789"}):
            answer = Client(server, **headers).ask("initialize", initialize())
            equal(answer.status, 401, headers)
            equal(answer.headers["www-authenticate"].startswith("Bearer"), True, "challenge")
            equal(answer.session, None, "a session id")
        equal(server.sessions(), 0, "sessions")
        equal(server.request("GET", "/health").status, 200, "health")
        opened(server, Authorization="Bearer alpha-token-0123456789").call("echo", message="in")
        opened(server, Authorization="bearer beta-token-0123456789").call("echo", message="in")


@check
def the_wrong_principal_gets_what_an_unknown_id_gets_to_the_byte():
    with with_tokens() as tokens, Server("--auth-token", tokens.name) as server:
        alice = opened(server, Authorization="Bearer alpha-token-0123456789")
        alice.call("set_session_data", key="k", value=1)
        bob = Client(server, Authorization="Bearer beta-token-0123456789")
        requests = [
            lambda: bob.send("POST", body("tools/call", 3, name="get_session_data", arguments={})),
            lambda: bob.send("POST", body("ping", 3)),
            lambda: bob.send("POST", body("initialize", 3, **initialize())),
            lambda: bob.send("POST", {"jsonrpc": "2.0", "method": "notifications/initialized"}),
            lambda: bob.send("GET", Accept="text/event-stream"),
            lambda: bob.send("GET", Accept="text/event-stream", Last_Event_ID="1"),
            lambda: bob.send("DELETE"),
        ]
        for request in requests:
            bob.session = alice.session
            wrong = request()
            bob.session = alice.session[:-4] + ("AAAA" if alice.session[-4:] != "AAAA" else "BBBB")
            unknown = request()
            equal(wrong.same(), unknown.same())
            equal(wrong.status, 404, wrong.body)
        equal(alice.call("get_session_data", key="k"), "1", "after all that")


@check
def a_principal_header_counts_only_from_a_trusted_proxy():
    trusted = ("--principal-header", "X-User", "--trusted-proxy", "127.0.0.0/8")
    with Server(*trusted) as server:
        alice = opened(server, X_User="alice")
        alice.call("echo", message="in")
        bob = Client(server, X_User="bob")
        bob.session = alice.session
        equal(bob.ask("ping").status, 404, "bob")
        equal(Client(server).ask("initialize", initialize()).status, 401, "nobody")
    with Server("--principal-header", "X-User", "--trusted-proxy", "192.0.2.0/24") as server:
        equal(Client(server, X_User="alice").ask("initialize", initialize()).status, 401, "forged")


@check
def a_call_that_is_cancelled_over_HTTP_ends_at_once_without_an_answer():
    with Server() as server, concurrent.futures.ThreadPoolExecutor(2) as pool:
        clients = [opened(server), opened(server)]
        slow = body("tools/call", 7, name="echo", arguments={"message": "late", "delay": 4})
        began = time.monotonic()
        ends, goes_on = [pool.submit(client.send, "POST", slow) for client in clients]
        other = Client(server)
        other.session = clients[0].session

        def cancelled():
            equal(other.send("POST", {"jsonrpc": "2.0", "method": "notifications/cancelled",
                                      "params": {"requestId": 7}}).status, 202)
            return ends.done()
        until(cancelled)
        equal(time.monotonic() - began < 3, True, "it is cut short")
        equal((ends.result().status, ends.result().body), (202, b""))
        equal(b"late" in goes_on.result().body, True, "the other session's call 7")
        equal("next" in clients[0].call("echo", message="next"), True)


run()

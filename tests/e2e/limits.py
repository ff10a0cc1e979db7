#!/usr/bin/env python3
"""No session is made by what is refused; caps hold exactly; what ends leaves nothing behind."""
import concurrent.futures
import json
import tempfile

from mcp import Client, Server, check, equal, initialize, opened, run

COUNT = 300


@check
def malformed_and_refused_requests_make_no_session():
    with Server() as server:
        kept = opened(server)
        client = Client(server)
        start = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                            "params": initialize()})
        flood = [
            lambda: client.send("POST", start[:-1]),
            lambda: client.send("POST", "\xff"),
            lambda: client.send("POST", start.replace('"2.0"', '"1.0"')),
            lambda: client.send("POST", start, Accept="text/html"),
            lambda: client.send("POST", start, Content_Type="text/plain"),
            lambda: client.send("POST", start, Host="evil.example.com"),
            lambda: client.send("POST", start, Origin="http://evil.example.com"),
            lambda: client.send("POST", start, MCP_Protocol_Version="1999-01-01"),
            lambda: client.send("GET"), lambda: client.send("HEAD"),
            lambda: client.send("OPTIONS"), lambda: client.send("DELETE"),
        ]
        for request in flood:
            for _ in range(COUNT):
                answer = request()
                equal(answer.session, None, "a session id")
                equal(answer.status == 204 or 400 <= answer.status < 500, True, answer.status)
        equal(server.sessions(), 1, "sessions")
        kept.call("echo", message="alive")


@check
def a_thousand_parallel_initializes_fill_the_cap_exactly():
    cap = 200
    with Server("--store", f"memory:?max_sessions={cap}") as server:
        def one(_):
            client = Client(server)
            answer = client.ask("initialize", initialize())
            client.connection.close()
            return answer
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(one, range(1000)))
        made = [a for a in answers if a.status == 200]
        equal(len(made), cap, "sessions made")
        equal(len({a.session for a in made}), cap, "different ids")
        for answer in answers:
            if answer.status != 200:
                equal(answer.status, 503, answer.body)
                equal(answer.headers["retry-after"].isdigit(), True, "Retry-After")
                equal(answer.session, None, "an id in a refusal")
        equal(server.sessions(), cap, "sessions")
        Client(server).send("DELETE", Mcp_Session_Id=made[0].session)
        equal(Client(server).ask("initialize", initialize()).status, 200, "after one DELETE")


@check
def DELETE_brings_the_gauge_back_to_where_it_was():
    with Server() as server:
        before = server.sessions()
        clients = [opened(server) for _ in range(50)]
        for number, client in enumerate(clients):
            client.call("set_session_data", key="k", value="x" * number * 100)
        equal(server.sessions(), before + 50, "sessions")
        for client in clients:
            equal(client.delete().status, 200, "DELETE")
            client.connection.close()
        equal(server.sessions(), before, "sessions")
        equal(server.metric("mcpsess_sessions_created_total"), 50, "created")
        equal(server.metric('mcpsess_sessions_ended_total{cause="deleted"}'), 50, "ended")


@check
def a_body_above_the_limit_is_413_and_nothing_is_kept_of_it():
    with Server() as server:
        client = opened(server)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "echo", "arguments": {"message": "x" * (5 << 20)}}})
        try:
            equal(client.send("POST", body).status, 413)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent
        other = opened(server)
        other.call("echo", message="alive")
        equal(server.sessions(), 2, "sessions")


def said_to_be_too_big(server, **headers):
    """The answer to a POST whose body is announced and never sent."""
    return Client(server).send("POST", Content_Length=str(5 << 20), **headers)


@check
def a_body_above_the_limit_is_judged_like_any_other():
    page = "http://localhost:5173"
    with Server("--cors") as server:
        answer = said_to_be_too_big(server, Origin=page)
        equal(answer.status, 413)
        equal(answer.headers["access-control-allow-origin"], page)
        equal(answer.headers["cache-control"], "no-store")
        equal(answer.headers["connection"].lower(), "close")
        equal(Client(server).send("POST", iter([b"x" * (5 << 20)])).status, 413, "in chunks")
        equal(server.metric('mcpsess_refused_total{cause="toobig"}'), 2, "counted")
        equal(said_to_be_too_big(server, Host="evil.example.com").status, 403)
        equal(said_to_be_too_big(server, Origin="https://evil.example.com").status, 403)
    with tempfile.NamedTemporaryFile("w") as tokens:
        tokens.write("secret somebody\n")
        tokens.flush()
        with Server("--auth-token", tokens.name) as server:
            equal(said_to_be_too_big(server).status, 401)
            equal(said_to_be_too_big(server, Authorization="Bearer secret").status, 413)


run()

#!/usr/bin/env python3
"""The balancer that knows no sessions, and the client that goes on where another stopped."""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import tempfile
import threading

from mcp import Client, Server, check, equal, free_port, initialize, opened, program, run
from nodes import Balancer


def go_on(server, session, *options, env=None):
    return subprocess.run([program("continue-session"), "-", "--base",
                           f"http://127.0.0.1:{server.port}/mcp", *options], text=True,
                          input=session + "\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, check=False, env=env)


class Silent:
    """A backend that hangs up without an answer."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.listener.accept()[0].close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


@check
def requests_go_to_each_server_in_turn():
    with Server() as one, Server() as two, Balancer([one.port, two.port]) as balancer:
        for server in (one, two, one, two):
            before = server.sessions()
            equal(Client(balancer).ask("initialize", initialize()).status, 200)
            equal(server.sessions(), before + 1, "sessions there")


@check
def bodies_of_unknown_length_get_what_the_server_says():
    with Server() as server, Balancer([server.port]) as balancer:
        for target in (server, balancer):
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize",
                               "params": initialize()}).encode()
            connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
            connection.request("POST", "/mcp", iter([body[:20], body[20:]]),
                               {"Content-Type": "application/json"}, encode_chunked=True)
            equal(connection.getresponse().status, 200)
            connection.close()


@check
def a_server_that_is_gone_is_passed_over():
    with Server() as server, Balancer([free_port(), server.port]) as balancer:
        for _ in range(4):
            equal(Client(balancer).ask("initialize", initialize()).status, 200)


@check
def nobody_there_is_503_and_no_answer_is_502():
    with Balancer([free_port()]) as balancer:
        equal(Client(balancer).ask("ping").status, 503)
    with Silent() as silent, Balancer([silent.port]) as balancer:
        equal(Client(balancer).ask("ping").status, 502)


@check
def what_is_no_request_is_refused():
    with Server() as server, Balancer([server.port]) as balancer:
        for sent, line in ((b"x" * 16384, b"HTTP/1.1 431"), (b"GET /", b"HTTP/1.1 400")):
            with socket.create_connection(("127.0.0.1", balancer.port), 10) as client:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                equal(client.recv(12), line)


@check
def a_session_is_taken_up_with_either_kind_of_answer():
    with Server() as server:
        session = opened(server).session
        for options in ((), ("--json",), ("--sse",)):
            done = go_on(server, session, *options)
            equal(done.returncode, 0, done.stderr)
            tools, info = [json.loads(line)["result"] for line in done.stdout.splitlines()]
            equal("echo" in [tool["name"] for tool in tools["tools"]], True, tools)
            equal(session.startswith(info["structuredContent"]["session_id"]), False, "secret")
        equal(info["structuredContent"]["request_count"], 2, "requests before")


@check
def a_session_of_somebody_is_taken_up_with_a_token():
    with tempfile.NamedTemporaryFile("w") as tokens:
        tokens.write("token-of-alice alice\n")
        tokens.flush()
        with Server("--auth-token", tokens.name) as server:
            session = opened(server, Authorization="Bearer token-of-alice").session
            for token, status in (("token-of-alice", 0), ("token-of-bob", 1)):
                done = go_on(server, session, env={**os.environ, "AUTH_TOKEN": token})
                equal(done.returncode, status, done)


@check
def a_session_that_is_not_there_is_said_to_be_so():
    with Server() as server:
        done = go_on(server, "x" * 43)
        equal((done.returncode, "Session not found" in done.stdout), (1, True), done)
    gone = go_on(server, "x" * 43)
    equal((gone.returncode, "no server at" in gone.stderr), (1, True), gone)


run()

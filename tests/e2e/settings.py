#!/usr/bin/env python3
"""What the settings of echo-stateful change: its log, its address, and who may come in."""
import http.client
import os
import subprocess
import tempfile

from mcp import Client, Server, check, equal, initialize, opened, program, run, until

APP = "https://app.example.com"


def both(option, variable, value):
    """The two ways to set it, and the option against a variable that says something else."""
    return (([option, value], {}), ([], {variable: value}), ([option, value], {variable: "other"}))


def status(server, **headers):
    return Client(server).ask("initialize", initialize(), **headers).status


class At(Server):
    """A server at another address of the loopback."""

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.2", self.port, timeout=timeout)


class Printing(Server):
    """A server that is there once it has printed the line to try."""

    def line(self):
        return next((line for line in self.said().splitlines() if line.startswith("curl ")), None)

    def ready(self):
        return self.line() is not None


@check
def the_log_goes_to_the_file_that_is_named():
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "log")
        for options, env in both("--log-file", "LOG_FILE", name)[:2]:
            with Server(*options, env=env) as server:
                session = opened(server).session
            equal(" info " in server.said(), False, server.said())
            with open(name, encoding="utf-8") as file:
                said = file.read()
            for words in ("info listening on", "begun", "draining"):
                equal(words in said, True, said)
            equal(session in said, False, "a whole id")
            os.remove(name)
        with open(name, "w", encoding="utf-8") as file:
            file.write("what was there\n")
        with Server("--log-file", name, env={"LOG_FILE": "/no/such/folder/log"}):
            pass
        with open(name, encoding="utf-8") as file:
            equal(file.readline(), "what was there\n", "it is added to")


@check
def a_log_file_that_cannot_be_is_named():
    end = subprocess.run([program("echo-stateful"), "--log-file", "/no/such/folder/log"], env={},
                         timeout=10, check=False, stderr=subprocess.PIPE, text=True)
    equal(end.returncode, 1, end.stderr)
    equal("/no/such/folder/log" in end.stderr, True, end.stderr)


@check
def the_log_says_what_its_level_lets_through():
    said = {"error": (False, False, False), "warn": (False, False, True),
            "info": (False, True, True), "debug": (True, True, True)}
    for level, wanted in said.items():
        for options, env in both("--log-level", "LOG_LEVEL", level)[:2]:
            with Server("--host", "0.0.0.0", *options, env=env) as server:
                opened(server)
            log = server.said()
            found = tuple(words in log for words in
                          (" debug session", " info session", " warn others can connect"))
            equal(found, wanted, (options, env, log))
    with Server(env={"DEBUG": "true"}) as server:
        opened(server)
    equal(" debug session" in server.said(), True, "DEBUG=true")
    with Server("--log-level", "error", env={"LOG_LEVEL": "debug"}) as server:
        opened(server)
    equal(" debug " in server.said(), False, "the option wins")


@check
def the_address_is_the_one_that_is_named():
    for options, env in both("--host", "HOST", "127.0.0.2"):
        with At(*options, env=env) as server:
            url = f"http://127.0.0.2:{server.port}/mcp"
            until(lambda: url in server.said())  # pylint: disable=cell-var-from-loop
            equal(status(server, Host="localhost"), 200)
            equal(status(server, Host=f"127.0.0.2:{server.port}"), 200)
            equal(status(server, Origin=f"http://127.0.0.2:{server.port}"), 200)
            equal(status(server, Host="127.0.0.3"), 403)
            try:
                http.client.HTTPConnection("127.0.0.1", server.port, timeout=5).connect()
            except ConnectionRefusedError:
                continue
            raise AssertionError("it listens elsewhere too")


@check
def the_line_that_is_printed_works_at_every_address_of_the_loopback():
    for address in ("127.0.0.2", "127.1", "localhost", "::1", "::ffff:127.0.0.2", "0.0.0.0"):
        with Printing("--host", address) as server:
            done = subprocess.run(["bash", "-c", server.line()], timeout=30, check=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            equal(done.stdout.split(b"\r\n")[0], b"HTTP/1.1 200 OK", (address, done.stdout))


@check
def accepted_hosts_are_those_that_are_named():
    for options, env in both("--allow-host", "ALLOWED_HOSTS", "mcp.example.com, *.example.org"):
        with Server(*options, env=env) as server:
            for host, wanted in (("mcp.example.com", 200), ("MCP.example.com:8080", 200),
                                 ("a.example.org", 200), ("example.org", 403),
                                 ("a.example.com", 403), ("localhost", 403),
                                 ("mcp.example.com.evil.org", 403)):
                equal(status(server, Host=host), wanted, (host, options, env))


@check
def accepted_origins_are_those_that_are_named():
    for options, env in both("--allow-origin", "ALLOWED_ORIGINS", f"{APP}, https://*.example.org"):
        with Server(*options, env=env) as server:
            for origin, wanted in ((APP, 200), ("https://a.example.org", 200), (None, 200),
                                   ("http://app.example.com", 403), (APP + ":444", 403),
                                   (f"http://127.0.0.1:{server.port}", 403), ("null", 403)):
                equal(status(server, Origin=origin), wanted, (origin, options, env))


def preflight(server, origin):
    return Client(server).send("OPTIONS", Origin=origin, Access_Control_Request_Method="POST",
                               Access_Control_Request_Headers="content-type, mcp-session-id")


@check
def pages_of_accepted_origins_may_call_with_cors():
    with Server("--cors", "--allow-origin", APP) as server:
        answer = preflight(server, APP)
        equal(answer.status, 204)
        equal(answer.headers["access-control-allow-origin"], APP)
        equal("POST" in answer.headers["access-control-allow-methods"], True)
        equal("Mcp-Session-Id" in answer.headers["access-control-allow-headers"], True)
        answer = Client(server).ask("initialize", initialize(), Origin=APP)
        equal(answer.headers["access-control-allow-origin"], APP)
        equal("Mcp-Session-Id" in answer.headers["access-control-expose-headers"], True)
        equal("Origin" in answer.headers["vary"], True)
        answer = preflight(server, "https://evil.example.com")
        equal(answer.status, 403)
        equal("access-control-allow-origin" in answer.headers, False, answer.headers)


@check
def without_cors_no_page_may_read_an_answer():
    with Server("--allow-origin", APP) as server:
        for answer in (preflight(server, APP),
                       Client(server).ask("initialize", initialize(), Origin=APP)):
            equal([name for name in answer.headers if name.startswith("access-control")], [])


run()

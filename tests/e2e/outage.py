#!/usr/bin/env python3
"""A store that is down at the start, goes away in the middle and comes back: who is told what."""
import concurrent.futures
import json
import os
import signal
import threading
import time

from mcp import Client, Process, Server, equal, initialize, opened, program, run, until
from nodes import every_store

TIMEOUT = 0.3  # of one operation, in seconds
PATIENT = 20 * TIMEOUT  # on a busy machine


class Outage:
    """A store that keeps its sessions, and can be taken away and given back."""

    def __init__(self, make):
        self.store = make(timeout=f"{int(TIMEOUT * 1000)}ms", probe_every="50ms")
        self.options = self.store.options
        self.server = self.store.server
        self.stopped = []
        if self.store.name == "redis":
            self.server.options += ["--appendonly", "yes", "--appendfsync", "always"]
            self.server.restart()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wake()
        self.server.stop()

    def end(self):
        """As kill -9 ends it."""
        getattr(self.server, "kill" if self.store.name == "redis" else "crash")()

    def begin(self):
        getattr(self.server, "restart" if self.store.name == "redis" else "start")()

    def hang(self):
        """Connections stay, and nobody answers."""
        pid = self.server.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            self.stopped = [pid, *map(int, children.read().split())]
        for one in self.stopped:
            os.kill(one, signal.SIGSTOP)

    def wake(self):
        for one in self.stopped:
            os.kill(one, signal.SIGCONT)
        self.stopped = []


def refused(answer, retry=True):
    """503 with a reason for programs, none of our insides, and the session is kept."""
    equal(answer.status, 503, answer.body)
    equal("retry-after" in answer.headers, retry, answer.headers)
    equal(answer.session, None, "session")
    if answer.body:
        equal(answer.json()["error"]["code"], -32603)
    for inside in (b"redis", b"postgres", b"connect", b"socket", b"errno", b"parse"):
        equal(inside in answer.body.lower(), False, answer.body)


def nobody_is_served(host, session):
    """What the layer answers itself, what the host would have handled, what has no answer."""
    client = Client(host)
    refused(client.ask("initialize", initialize()))
    client.session = session
    for again in range(2):
        start = time.monotonic()
        refused(client.ask("ping"))
        refused(client.ask("tools/call", {"name": "echo", "arguments": {"message": "m"}}))
        refused(client.notify("notifications/initialized"))
        refused(client.delete())
        equal(time.monotonic() - start < PATIENT, True, f"{again}: not waited for")
    equal(client.send("POST", "{").status, 400, "what needs no store")
    equal(client.ask("ping", Mcp_Session_Id=None).status, 400, "what needs no store")


def served_again(host, session):
    client = Client(host)
    client.session = session
    until(lambda: client.ask("ping").status == 200)
    return client


@every_store
def a_server_starts_before_its_store_and_serves_when_that_comes(make):
    with Outage(make) as outage:
        outage.end()
        with Server(*outage.options) as server:
            nobody_is_served(server, "x" * 43)
            equal(server.request("GET", "/health").status, 200, "health")
            outage.begin()
            until(lambda: Client(server).ask("initialize", initialize()).status == 200)
            equal(opened(server).info()["request_count"], 0)


@every_store
def sessions_outlive_an_outage_and_are_never_said_to_be_unknown(make):
    with Outage(make) as outage, Server(*outage.options) as server:
        client = opened(server)
        client.call("set_session_data", key="k", value=1)
        outage.end()
        nobody_is_served(server, client.session)
        outage.begin()
        back = served_again(server, client.session)
        equal(json.loads(back.call("get_session_data", key="k")), 1)
        equal(back.delete().status, 200)
        equal(back.ask("ping").status, 404, "unknown when the store says so")


def interrupted(server, client, outage):
    """The answer of a call whose store goes away while it is handled, its session read."""
    reads = 'mcpsess_store_operations_total{operation="get",result="OK"}'
    before = server.metric(reads)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.ask, "tools/call", {
            "name": "echo", "arguments": {"message": "late", "delay": 1}})
        until(lambda: server.metric(reads) > before)
        outage()
        return call.result()


def last_echo(client):
    return client.call("replayLastEcho").split("] ")[1]


@every_store
def a_call_whose_store_ends_has_not_happened_and_says_so(make):
    with Outage(make) as outage, Server(*outage.options) as server:
        client = opened(server)
        client.call("echo", message="first")
        refused(interrupted(server, client, outage.end))
        outage.begin()
        equal(last_echo(served_again(server, client.session)), "first")


@every_store
def a_call_whose_store_hangs_may_have_happened_and_is_not_to_be_repeated(make):
    with Outage(make) as outage, Server(*outage.options) as server:
        client = opened(server)
        client.call("echo", message="first")
        refused(interrupted(server, client, outage.hang), retry=False)
        outage.wake()
        equal(last_echo(served_again(server, client.session)) in ("first", "late"), True)


class Loop(Process):
    """poll-loop: one thread, which must never wait for a store."""

    ends_with = (-signal.SIGTERM,)

    def __init__(self, options):
        super().__init__([program("poll-loop"), "--port", "{port}", *options])


@every_store
def a_loop_waits_for_its_store_and_serves_others_meanwhile(make):
    with Outage(make) as outage, Loop(outage.options) as loop:
        client = opened(loop)
        equal(client.call("count"), "1")
        outage.hang()
        begun, told = time.monotonic(), []

        def wait():
            told.append(client.ask("tools/call", {"name": "count", "arguments": {}}))
        waiting = threading.Thread(target=wait)
        waiting.start()
        while waiting.is_alive():
            equal(Client(loop).send("POST", "{").status, 400, "others are served")
        waiting.join()
        refused(told[0])
        equal(TIMEOUT * 0.9 < time.monotonic() - begun < PATIENT, True, "waited")
        outage.wake()
        equal(served_again(loop, client.session).call("count"), "2")
        outage.end()
        nobody_is_served(loop, client.session)
        outage.begin()
        equal(served_again(loop, client.session).call("count"), "3")


run()

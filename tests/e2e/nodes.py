"""Servers on one shared store, the balancer before them, and clients that never pause."""
import concurrent.futures
import contextlib
import http.client
import os
import signal
import sys
import threading

import stores
from mcp import Client, Process, Server, check, opened, program, until

SLOW = 10 if os.path.basename(sys.argv[1]) in ("asan", "tsan") else 1


class Balancer(Process):
    """round-robin-lb; it has no end of its own."""

    ends_with = (-signal.SIGTERM,)

    def __init__(self, ports, *options):
        named = [part for port in ports for part in ("--backend", f"127.0.0.1:{port}")]
        super().__init__([program("round-robin-lb"), "--listen", "{port}", *options, *named])


class Cluster(contextlib.ExitStack):
    """A shared store, its nodes, and the balancer before them."""

    def __init__(self, make, *options, envs=({}, {}, {}), balanced=(), **parameters):
        super().__init__()
        with contextlib.ExitStack() as stack:
            self.store = stack.enter_context(make(**parameters))
            self.nodes = [stack.enter_context(Server(*self.store.options, *options, env=env))
                          for env in envs]
            ports = [node.port for node in self.nodes]
            self.balancer = stack.enter_context(Balancer(ports, *balanced))
            self.push(stack.pop_all().__exit__)

    def at(self, node, session):
        """A client of one node, with the session of another's."""
        client = Client(self.nodes[node])
        client.session = session
        return client


class Load:
    """Clients that call without a pause, and what they were told."""

    def __init__(self, cluster, sessions=6, forgives=()):
        self.cluster, self.forgives = cluster, forgives
        self.ids = [opened(cluster.balancer).session for _ in range(sessions)]
        self.stop, self.answers, self.wrong, self.forgiven = threading.Event(), 0, [], 0
        self.pool = concurrent.futures.ThreadPoolExecutor(sessions)
        self.working = []

    def work(self, session):
        client, number = None, 0
        while not self.stop.is_set():
            number += 1
            try:
                if client is None:
                    client = Client(self.cluster.balancer)
                    client.session = session
                answer = client.ask("tools/call", {"name": "echo",
                                                   "arguments": {"message": f"m{number}"}})
                if answer.status in self.forgives:
                    self.forgiven += 1
                    client = None
                elif answer.status != 200 or f"m{number}" not in answer.body.decode():
                    self.wrong.append((answer.status, answer.body))
                else:
                    self.answers += 1
            except (OSError, http.client.HTTPException) as error:
                if not self.forgives:
                    self.wrong.append(repr(error))
                self.forgiven += 1
                client = None

    def __enter__(self):
        self.working = [self.pool.submit(self.work, session) for session in self.ids]
        return self

    def __exit__(self, *_):
        self.stop.set()
        with self.pool:
            for work in self.working:
                work.result()

    def goes_on(self, answers=100):
        seen = self.answers
        until(lambda: self.answers >= seen + answers // SLOW, 30)


def every_store(function):
    """One check for each kind of shared store."""
    for name, make in stores.ALL.items():
        def one(make=make):
            function(make)
        one.__name__ = f"{name}_{function.__name__}"
        check(one)
    return function

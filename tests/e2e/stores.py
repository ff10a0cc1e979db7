"""Shared stores for end-to-end checks: private servers, and how a program reaches them."""
import contextlib
import os
import signal
import sys

from mcp import Client, Process, Server, program

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
import postgres  # noqa: E402  # pylint: disable=wrong-import-position
import redis  # noqa: E402  # pylint: disable=wrong-import-position


def module_dir(name):
    return os.path.join(sys.argv[1], "backends", name)


class Shared:
    """A private server as a store: its URI, and the options that make a program use it."""

    def __init__(self, name, server, uri):
        self.name, self.server, self.uri = name, server, uri
        self.options = ["--store", uri, "--module-dir", module_dir(name)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()


def open_redis(**parameters):
    server = redis.Server()
    return Shared("redis", server, server.unix(**parameters))


def open_postgres(**parameters):
    server = postgres.Server(fsync="off")
    return Shared("postgres", server, server.unix(**parameters))


ALL = {"redis": open_redis, "postgres": open_postgres}


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

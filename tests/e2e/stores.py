"""Shared stores for end-to-end checks: private servers, and how a program reaches them."""
import os
import sys

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

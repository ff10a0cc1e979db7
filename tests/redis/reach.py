#!/usr/bin/env python3
"""A server that cannot be reached, or is not the one that is wanted: where, and why.

    reach.py BUILD_FOLDER
"""
import contextlib
import socket
import sys

from harness import Store, check, end, redis, until

BUILD = sys.argv[1]


@contextlib.contextmanager
def silent():
    """A port that lets in and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one.getsockname()[1]


def told(uri, line="get any"):
    with Store(BUILD, uri) as store:
        answer = store(line)
    check(f"{uri} is UNAVAILABLE, and no secret is told",
          answer.status == "UNAVAILABLE" and "sesame" not in answer.text, answer)
    return answer.text


def nobody_is_there():
    port = redis.free_port()
    for uri, text in (
            (f"redis://user:sesame@127.0.0.1:{port}",
             f"127.0.0.1:{port}: the server cannot be connected to: Connection refused"),
            ("redis+unix:///nope",
             "/nope: the socket cannot be connected to: No such file or directory"),
            (f"redis+sentinel://:sesame@127.0.0.1:{port}/ours",
             f"127.0.0.1:{port}: the server cannot be connected to: Connection refused"),
            (f"redis+cluster://:sesame@127.0.0.1:{port}",
             f"127.0.0.1:{port}: the server cannot be connected to: Connection refused")):
        got = told(uri)
        check(f"{uri}: where and why is told", got == text, got)
    got = told("redis://user:sesame@host.invalid")
    check("a name that is none is told", got.startswith("host.invalid:6379: "), got)


def nobody_answers():
    with silent() as port:
        for scheme, where in (("redis", ""), ("rediss", " in the TLS handshake")):
            place = f"{scheme}://127.0.0.1:{port}"
            got = told(place + "?connect_timeout=200ms&timeout=5s")
            check(f"{scheme}: a server that says nothing is told",
                  got == f"127.0.0.1:{port}: the server does not answer{where}", got)
            got = told(place + "?connect_timeout=5s&timeout=200ms")
            check(f"{scheme}: and where it was when the time ran out",
                  got == f"127.0.0.1:{port}: no connection in time{where}, nothing was sent", got)


def a_connection_that_breaks():
    with redis.Server("--requirepass", "old") as server:
        uri = f"redis+unix://:old@{server.path}?probe_every=20ms"
        with Store(BUILD, uri) as store:
            store("create a one")
            client = server.client()
            client("AUTH", "old")
            client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            answer = store("update a 1 two")
            check("what could not be sent on it is sent on the next one, at once",
                  answer.status == "ok" and answer.ms < 500, answer)
            client("CONFIG", "SET", "requirepass", "new")
            client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            answer = until(store, "update a 2 three", "UNAVAILABLE")[1]
            check("a password that is wrong by now is told with its server",
                  answer.text.startswith(f"{server.path}: AUTH is refused: WRONGPASS"), answer)


def another_kind_of_server():
    with redis.Server("--cluster-enabled", "yes", "--cluster-config-file", "nodes",
                      port=redis.low_port()) as node:
        got = told(node.tcp())
        check("a node of a cluster is refused, saying what to write",
              got == f"127.0.0.1:{node.port}: the server is part of a cluster: "
              "use redis+cluster:", got)
    with redis.Server() as alone:
        got = told(alone.tcp().replace("redis:", "redis+cluster:"))
        check("and the reverse", got.startswith(f"127.0.0.1:{alone.port}: CLUSTER SLOTS"), got)


def main():
    nobody_is_there()
    nobody_answers()
    a_connection_that_breaks()
    another_kind_of_server()
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A server that cannot be reached, or is not the one that is wanted: where, and why.

    reach.py BUILD_FOLDER
"""
import contextlib
import socket
import sys

from harness import Store, check, end, redis

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
    another_kind_of_server()
    end()


if __name__ == "__main__":
    main()

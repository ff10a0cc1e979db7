#!/usr/bin/env python3
"""What goes over the wire: one round trip a verb, nothing when unused; and servers that lie.

    wire.py BUILD_FOLDER
"""
import os
import sys
import time

from harness import Store, check, end, redis, round_trips, until
from proxy import Proxy, blackhole, dribble, says

BUILD = sys.argv[1]


def a_read_writes_nothing(server):
    client = server.client()

    def dirty():
        info = client("INFO", "persistence").decode()
        return int(info.split("rdb_changes_since_last_save:")[1].split()[0])

    with Store(BUILD, server.unix(prefix="still:")) as store:
        store("create a one")
        before = dirty()
        for line in ("get a", "exists a", "touch a", "get never", "list"):
            store(line)
        check("a read, and a touch that is not due, write nothing", dirty() == before,
              f"{dirty() - before} changes")


def lies(server):
    """Whatever comes, the verb ends typed, and the next connection is sound again."""
    told = {
        "garbage": b"\x00\xff garbage", "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "a huge array": b"*2147483647\r\n", "a huge string": b"$4294967296\r\n",
        "a wrong type": b":7\r\n", "a deep array": b"*1\r\n" * 100,
        "no record": b"*2\r\n:0\r\n:1\r\n",
        "a positive status": b"*2\r\n:1\r\n:1\r\n", "a short record":
        b"*4\r\n:0\r\n:1\r\n$0\r\n\r\n$3\r\nabc\r\n", "a piece without a record":
        b"$6\r\n123456\r\n", "a piece too short": b"$2\r\n12\r\n", "a piece of another version":
        b"$84\r\n" + b"\3" * 84 + b"\r\n", "a line without end": b"+" + b"x" * 100000,
        "a string without end": b"$1000\r\nabc",
    }
    for name, lie in told.items():
        with Proxy(server.port) as proxy:
            uri = f"redis://127.0.0.1:{proxy.port}?timeout=300ms&prefix=lies:"
            with Store(BUILD, uri) as store:
                store.say("as alice")
                store("ping")
                with proxy.broken(says(lie)):
                    read = store("get truth")
                _, after = until(store, "exists truth", "NOTFOUND")
                check(f"{name} instead of an answer", read.status == "UNAVAILABLE" and
                      read.ms < 900 and after.status == "NOTFOUND", f"{read}; {after}")


def answers_by_the_byte(server):
    with Proxy(server.port) as proxy:
        with Store(BUILD, f"redis://127.0.0.1:{proxy.port}?prefix=bytes:") as store:
            store("create a one")
            with proxy.broken(dribble(0)):
                answer = store("get a")
            check("an answer may come byte by byte",
                  answer.status == "ok" and answer.payload == "one", answer)


def sleeps_in(process):
    """The first argument of the system call that it sleeps in: a descriptor, or no small number."""
    with open(f"/proc/{process.pid}/syscall", encoding="ascii") as file:
        words = file.read().split()
    return int(words[1], 16) if len(words) > 2 else None


def who_is_alone_waits_in_reading(server):
    with Proxy(server.port) as proxy:
        uri = f"redis://127.0.0.1:{proxy.port}?timeout=500ms&prefix=alone:"
        with Store(BUILD, uri) as store:
            store("ping")
            folder = f"/proc/{store.process.pid}/fd"
            sockets = {int(fd) for fd in os.listdir(folder)
                       if os.readlink(f"{folder}/{fd}").startswith("socket:")}
            with proxy.broken(blackhole("server")):
                store.say("get a")
                end_by, seen = time.monotonic() + 0.4, None
                while seen not in sockets and time.monotonic() < end_by:
                    seen = sleeps_in(store.process)
                answer = store.hear()
            check("who is alone waits in the reading itself", seen in sockets, (seen, sockets))
            check("and no longer than it may",
                  answer.status == "UNAVAILABLE" and 490 <= answer.ms < 1100, answer)


def main():
    with redis.Server() as server:
        with Proxy(server.port) as proxy:
            round_trips(BUILD, proxy, f"redis://127.0.0.1:{proxy.port}", "stats")
        a_read_writes_nothing(server)
        lies(server)
        answers_by_the_byte(server)
        who_is_alone_waits_in_reading(server)
    end()


if __name__ == "__main__":
    main()

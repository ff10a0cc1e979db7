#!/usr/bin/env python3
"""What a caller sees when the server forgets, hangs up, hangs, refuses or is away.

    faults.py BUILD_FOLDER
"""
import signal
import sys
import time

from harness import Store, check, end, redis, until

BUILD = sys.argv[1]
SOON = 3.0  # seconds: a recovery is at most a connection's deadline and a back-off away


def a_connection_that_ended_while_idle(server):
    with Store(BUILD, server.unix()) as store:
        store("create killed one")
        server.client()("CLIENT", "KILL", "TYPE", "normal")
        time.sleep(1.1)
        answer = store("update killed 1 two")
        check("a connection that ended while idle costs no verb", answer.status == "ok", answer)


def a_write_can_be_repeated(server):
    with Store(BUILD, server.unix(timeout="300ms")) as store:
        store("create twice one")
        store.say("operation token")
        server.send(signal.SIGSTOP)
        try:
            first = store("update twice 1 two")
        finally:
            server.send(signal.SIGCONT)
        seconds, again = until(store, "update twice 1 two")
        check("a write that timed out can be repeated and is applied once",
              first.status == "UNKNOWN" and again.status == "ok" and again.revision == 2,
              f"{first}; {again} after {seconds:.2f} s")


def a_restart_is_survived(server):
    with Store(BUILD, server.tcp()) as store:
        store("create lost one")
        server.kill()
        answer = store("get lost")
        again = store("get lost")
        check("a dead server is unavailable", answer.status == "UNAVAILABLE", answer)
        check("and that is known at once", again.status == "UNAVAILABLE" and again.ms < 50, again)
        server.restart()
        seconds, answer = until(store, "create lost two")
        check("a server that is back is used again", answer.status == "ok" and seconds < SOON,
              f"{answer} after {seconds:.2f} s")


def refusals():
    with redis.Server("--maxmemory-policy", "allkeys-lru") as server:
        with Store(BUILD, server.unix()) as store:
            answer = store("get any")
            check("an evicting server is refused",
                  answer.status == "UNAVAILABLE" and "allkeys-lru" in answer.text, answer)
        with Store(BUILD, server.unix(eviction="warn")) as store:
            answer = store("get any")
            check("unless eviction=warn", answer.status == "NOTFOUND", answer)
    with redis.Server() as primary:
        with redis.Server("--replicaof", f"127.0.0.1 {primary.port}") as replica:
            with Store(BUILD, replica.unix()) as store:
                answer = store("get any")
                check("a replica is refused",
                      answer.status == "UNAVAILABLE" and "replica" in answer.text, answer)
    with redis.Server("--maxmemory", "1mb") as server:
        with Store(BUILD, server.unix()) as store:
            answer = store("create any " + "x" * 100000)
            check("a full server is unavailable and nothing happened",
                  answer.status == "UNAVAILABLE" and "memory is full" in answer.text, answer)


def writes_wait_for_replicas():
    with redis.Server() as primary:
        replica = redis.Server("--replicaof", f"127.0.0.1 {primary.port}")
        redis.wait_for(lambda: b"master_link_status:up" in
                       replica.client()("INFO", "replication"), "the replica")
        primary.client()("SET", "first", "x")
        redis.wait_for(lambda: primary.client()("WAIT", 1, 100) == 1, "the replica")
        with Store(BUILD, primary.unix(wait=1, timeout="600ms")) as store:
            store.say("operation first")
            got = [store(line) for line in ("create a one", "get a", "update a 1 two", "delete b")]
            check("with wait= a write that a replica has is OK",
                  [a.status for a in got] == ["ok"] * 4, got)
            replica.stop()
            store.say("operation second")
            write, read = store("update a 2 three"), store("get a")
            check("one that no replica has is unknown", write.status == "UNKNOWN" and
                  "replicas" in write.text, write)
            check("and reads do not wait", read.status == "ok" and read.revision == 3, read)


def a_primary_that_is_demoted(server):
    with redis.Server() as other:
        with Store(BUILD, other.unix()) as store:
            store("create demoted one")
            other.client()("REPLICAOF", "127.0.0.1", server.port)
            answer = store("update demoted 1 two")
            again = store("update demoted 1 two")
            check("a server that became a replica writes nothing",
                  answer.status == "UNAVAILABLE" and again.status == "UNAVAILABLE",
                  f"{answer}; {again}")


def uris():
    wrong = {
        "redis://127.0.0.1:0": "port", "redis://127.0.0.1:x": "port",
        "redis://h%41": "host", "redis://127.0.0.1/x": "database",
        "redis://?prefix={": "prefix", "redis://?eviction=maybe": "eviction",
        "redis://?colour=red": "colour", "redis://?wait=x": "wait", "redis+unix:": "socket",
    }
    for uri, word in wrong.items():
        with Store(BUILD, uri) as store:
            check(f"{uri} is refused, naming {word}",
                  store.opened.startswith("INVALID") and word in store.opened, store.opened)


def main():
    with redis.Server() as server:
        a_connection_that_ended_while_idle(server)
        a_write_can_be_repeated(server)
        a_restart_is_survived(server)
        a_primary_that_is_demoted(server)
    refusals()
    writes_wait_for_replicas()
    uris()
    end()


if __name__ == "__main__":
    main()

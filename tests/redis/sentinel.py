#!/usr/bin/env python3
"""A primary that sentinels watch: found, lost, and found again where it is then.

    sentinel.py BUILD_FOLDER
"""
import sys

import harness
from harness import Store, check, end, redis, until

BUILD = sys.argv[1]


def a_failover(watched):
    old, new = watched.servers
    with Store(BUILD, watched.uri()) as store:
        store("create kept one")
        old.client()("WAIT", 1, 1000)
        old.kill()
        seconds, answer = until(store, "update kept 1 two", seconds=20)
        check("after a failover the new primary serves what was replicated",
              answer.status == "ok" and answer.revision == 2, f"{answer} after {seconds:.1f} s")
        check("within seconds", seconds < 10, f"{seconds:.1f} s")
        old.options = ["--replicaof", f"127.0.0.1 {new.port}"]
        old.restart()
        answer = store("get kept")
        check("the old one's return changes nothing",
              answer.status == "ok" and answer.payload == "two", answer)


def sentinels_that_are_down(watched):
    first = watched.sentinels[0]
    first.kill()
    with Store(BUILD, watched.uri()) as store:
        answer = store("exists any")
        check("a dead sentinel is passed over", answer.status == "NOTFOUND", answer)
    first.restart()
    with Store(BUILD, watched.uri().replace("/ours", "/theirs")) as store:
        answer = store("exists any")
        check("a name that no sentinel knows is told",
              answer.status == "UNAVAILABLE" and "theirs" in answer.text, answer)


def stale_sentinels():
    """They still name the server that has become a replica."""
    with redis.Server() as primary, \
            redis.Server("--replicaof", f"127.0.0.1 {primary.port}") as replica:
        liar = redis.Sentinel(replica, 3)
        try:
            with Store(BUILD, f"redis+sentinel://127.0.0.1:{liar.port}/ours") as store:
                answer = store("exists any")
                check("a replica that a sentinel names is refused",
                      answer.status in ("UNAVAILABLE", "NOTFOUND"), answer)
        finally:
            liar.stop()


def main():
    with redis.Watched() as watched:
        harness.run_kits(BUILD, {"sentinels": (watched.uri(), "--fast")})
        sentinels_that_are_down(watched)
        a_failover(watched)
    stale_sentinels()
    for uri, word in {"redis+sentinel://a:1": "primary", "redis+sentinel://a:1/": "primary",
                      "redis+sentinel://a:x/name": "port"}.items():
        with Store(BUILD, uri) as store:
            check(f"{uri} is refused, naming {word}",
                  store.opened.startswith("INVALID") and word in store.opened, store.opened)
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A cluster of six: its slot found, moved, and served on when a primary dies.

    cluster.py BUILD_FOLDER
"""
import sys

import harness
from harness import Store, check, end, redis, until

BUILD = sys.argv[1]
TAG = "mcp:session:"


def a_slot_that_moves(cluster):
    primary, replica = cluster.of(TAG)
    with Store(BUILD, cluster.uri()) as store:
        store("create moved one")
        primary.client()("WAIT", 1, 1000)
        replica.client()("CLUSTER", "FAILOVER")
        redis.wait_for(lambda: cluster.of(TAG)[0] is replica and
                       primary.client()("ROLE")[0] == b"slave", "the failover")
        answer = store("update moved 1 two")
        check("a verb follows the slot to where it is now",
              answer.status == "ok" and answer.revision == 2, answer)
        answer = store("get moved")
        check("and so do those after it", answer.status == "ok" and answer.payload == "two", answer)
    with Store(BUILD, cluster.uri()) as store:
        answer = store("get moved")
        check("a new store finds it", answer.status == "ok", answer)


def a_primary_that_dies(cluster):
    primary = cluster.of(TAG)[0]
    with Store(BUILD, cluster.uri()) as store:
        store("create kept one")
        primary.client()("WAIT", 1, 1000)
        primary.kill()
        answer = store("get kept")
        check("while nobody serves the slot it is unavailable", answer.status == "UNAVAILABLE",
              answer)
        seconds, answer = until(store, "update kept 1 two", seconds=20)
        check("the replica that takes over serves what was replicated",
              answer.status == "ok" and answer.revision == 2, f"{answer} after {seconds:.1f} s")
        check("within seconds", seconds < 10, f"{seconds:.1f} s")


def main():
    with redis.Cluster() as cluster:
        harness.run_kits(BUILD, {"a cluster": (cluster.uri(prefix="kit:"), "--fast")})
        a_slot_that_moves(cluster)
        a_primary_that_dies(cluster)
    for uri, word in {"redis+cluster://a:1/3": "database", "redis+cluster://a:x": "port",
                      "redis+cluster://a:1?db=2": "db"}.items():
        with Store(BUILD, uri) as store:
            check(f"{uri} is refused, naming {word}",
                  store.opened.startswith("INVALID") and word in store.opened, store.opened)
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A primary that sentinels watch: found, lost, and found again where it is then.

    sentinel.py BUILD_FOLDER
"""
import sys

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


def a_demoted_primary(user):
    """It answers READONLY, and a sentinel knows who is the primary now."""
    with redis.Server() as old, redis.Server("--replicaof", f"127.0.0.1 {old.port}") as new:
        sentinels = [redis.Sentinel(old, 3), redis.Sentinel(old, 3)]
        first, second = (s.client() for s in sentinels)
        try:
            places = ",".join(f"127.0.0.1:{s.port}" for s in sentinels)
            with Store(BUILD, f"redis+sentinel://{places}/ours") as store:
                store("create kept one")
                redis.wait_for(lambda: old.client()("WAIT", 1, 100) == 1 and
                               new.client()("DBSIZE") > 0, "the replica")
                new.client()("REPLICAOF", "NO", "ONE")
                old.client()("REPLICAOF", "127.0.0.1", new.port)
                second("SENTINEL", "REMOVE", "ours")
                second("SENTINEL", "MONITOR", "ours", "127.0.0.1", new.port, 3)
                answer = store("update kept 1 two")
                check("a verb that a demoted primary refuses goes to the new one, past a sentinel "
                      "that does not know", answer.status == "ok" and answer.revision == 2, answer)
            first("SENTINEL", "REMOVE", "ours")
            first("SENTINEL", "MONITOR", "ours", "127.0.0.1", new.port, 3)
            for one in (first, second):
                one("ACL", "SETUSER", *user)
                one("ACL", "SETUSER", "default", "off")
            uri = f"redis+sentinel://{places}/ours"
            with Store(BUILD, uri) as store:
                answer = store("exists kept")
                check("sentinels that want a password get none", answer.status == "UNAVAILABLE" and
                      "NOAUTH" in answer.text, answer)
            with Store(BUILD, uri + "?sentinel_user=asker&sentinel_password=wrong") as store:
                answer = store("exists kept")
                check("a wrong one is refused, and not told", answer.status == "UNAVAILABLE" and
                      "AUTH" in answer.text and "wrong" not in answer.text.split(), answer)
            with Store(BUILD, uri + "?sentinel_user=asker&sentinel_password=se%26cret") as store:
                answer = store("get kept")
                check("user and password of the sentinels are theirs alone",
                      answer.status == "ok" and answer.payload == "two", answer)
        finally:
            for sentinel in sentinels:
                sentinel.stop()


def main():
    with redis.Watched() as watched:
        sentinels_that_are_down(watched)
        a_failover(watched)
    stale_sentinels()
    a_demoted_primary(("asker", "on", ">se&cret", "-@all", "+auth",
                       "+sentinel|get-master-addr-by-name"))
    for uri, word in {"redis+sentinel://a:1": "primary", "redis+sentinel://a:1/": "primary",
                      "redis+sentinel://a:x/name": "port",
                      "redis+sentinel://a/name?sentinel_user=x": "sentinel_password",
                      "redis://?sentinel_password=x": "sentinel_password"}.items():
        with Store(BUILD, uri) as store:
            check(f"{uri} is refused, naming {word}",
                  store.opened.startswith("INVALID") and word in store.opened, store.opened)
    end()


if __name__ == "__main__":
    main()

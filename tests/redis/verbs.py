#!/usr/bin/env python3
"""The optional verbs: rotation, an owner's end, one-time tokens, ping; and what is left behind.

    verbs.py BUILD_FOLDER
"""
import sys
import time

from harness import Store, check, end, redis

BUILD = sys.argv[1]


def each(store, *lines):
    return [store(line).status for line in lines]


def rotation(server):
    for owner in ("alice", "-"):
        with Store(BUILD, server.unix(prefix=f"rotate{owner}:")) as store:
            store.say(f"as {owner}")
            store.say("grace 400")
            store("create old kept")
            store("update old 1 kept")
            store("create taken x")
            check(f"a key in use is no new key ({owner})",
                  store("rotate old taken").status == "EXISTS" and
                  store("get old").payload == "kept")
            store.say("operation again")
            answer = store("rotate old new")
            check(f"a record rotates as its next revision ({owner})",
                  answer.status == "ok" and answer.revision == 3, answer)
            answer = store("rotate old new")
            check(f"a rotation repeated is applied once ({owner})",
                  answer.status == "ok" and answer.revision == 3, answer)
            store.say("operation -")
            new, old = store("get new"), store("get old")
            check(f"the new key serves it whole ({owner})",
                  (new.status, new.revision, new.payload) == ("ok", 3, "kept"), new)
            check(f"the old key reads as it was ({owner})",
                  (old.status, old.revision, old.payload) == ("ok", 2, "kept"), old)
            got = each(store, "exists old", "touch old", "update old 2 x", "rotate old other")
            check(f"it reads and nothing else ({owner})",
                  got == ["ok", "REVOKED", "REVOKED", "REVOKED"], got)
            check(f"it is listed once ({owner})", store("list").payload == "2")
            time.sleep(0.5)
            got = each(store, "get old", "exists old", "get new")
            check(f"after the grace it is revoked ({owner})", got == ["REVOKED", "REVOKED", "ok"],
                  got)
            store.say("grace 0")
            got = each(store, "rotate new newer", "get new", "get newer", "rotate never x")
            check(f"without a grace at once ({owner})",
                  got == ["ok", "REVOKED", "ok", "NOTFOUND"], got)
            each(store, "delete newer", "delete taken")
            check(f"nothing is left to list ({owner})", store("list").payload == "0")


def the_end_of_an_owner(server):
    uri = server.unix(prefix="end:", max_sessions_per_owner=5, max_sessions=6)
    with Store(BUILD, uri) as store:
        store.say("as bob")
        store("create bobs x")
        store.say("as alice")
        for i in range(5):
            store(f"create a{i} x")
        got = each(store, "create more x", "end_owner", "get a0", "touch a1", "update a2 1 y",
                   "exists a3", "delete a4", "rotate a0 b")
        check("an owner's records end at once",
              got == ["LIMIT", "ok", "REVOKED", "REVOKED", "REVOKED", "REVOKED", "ok", "REVOKED"],
              got)
        check("they are not listed", store("list").payload == "0")
        got = [store(f"create n{i} x").status for i in range(6)]
        check("their places are free at once, each once", got == ["ok"] * 5 + ["LIMIT"], got)
        got = each(store, "get n0", "end_owner", "get n0", "create m x", "get m")
        check("a second end ends what came after the first", got ==
              ["ok", "ok", "REVOKED", "ok", "ok"], got)
        store.say("as bob")
        check("others live on", store("get bobs").status == "ok")
        store.say("any 1")
        store.say("as -")
        check("administration sees what lives", store("list").payload in ("1", "2"))
        check("administration sees the end too", store("get n1").status == "REVOKED")


def tokens(server):
    with Store(BUILD, server.unix(prefix="once:")) as store:
        store.say("idle 400")
        store.say("operation first")
        got = each(store, "once token", "once token")
        store.say("operation second")
        got += each(store, "once token", "once other", "get token")
        check("a token is redeemed once, and by a repetition",
              got == ["ok", "ok", "EXISTS", "ok", "NOTFOUND"], got)
        time.sleep(0.5)
        check("until its time is over", store("once token").status == "ok")


def pings(server):
    with Store(BUILD, server.unix()) as store:
        check("a server that lives answers", store("ping").status == "ok")
        server.client()("CONFIG", "SET", "maxmemory", "1")
        answer = store("ping")
        server.client()("CONFIG", "SET", "maxmemory", "0")
        check("one that cannot write is unavailable", answer.status == "UNAVAILABLE", answer)


def damage(server):
    """A record cut short anywhere before its payload: it is told, and touches no other."""
    client = server.client()
    for count, begins in ((0, 78), (1, 96)):
        with Store(BUILD, server.unix(prefix=f"cut{count}:")) as store:
            store.say(f"count {count}")
            store("create cut one")
            key = client("KEYS", f"cut{count}:*:s")[0]
            whole = client("GET", key)
            store.say("count 0")
            store("create whole two")
            wrong = []
            for length in range(1, begins):
                client("SET", key, whole[:length])
                got = each(store, "get cut", "touch cut", "exists cut", "update cut 1 x",
                           "create cut x", "rotate cut other", "rotate whole cut", "get whole")
                if got != ["CORRUPT"] * 7 + ["ok"]:
                    wrong.append((length, got))
            check(f"a record that is cut short is corrupt to every verb (count {count})",
                  not wrong, wrong[:2] + wrong[-2:])
            check(f"lists go past it (count {count})", store("list").payload == "1")
            got = each(store, "delete cut", "get cut", "create cut x", "get cut")
            check(f"it can be deleted (count {count})", got == ["ok", "NOTFOUND", "ok", "ok"], got)


def a_server_that_is_full(server):
    """What is ended there is how it gets room again."""
    client = server.client()
    with Store(BUILD, server.unix(prefix="full:")) as store:
        for owner, left in (("-", "1"), ("alice", "2")):
            store.say(f"as {owner}")
            each(store, f"create a{owner} one", f"create b{owner} one")
            client("CONFIG", "SET", "maxmemory", "1")
            got = each(store, f"create c{owner} x", f"delete a{owner}", f"get a{owner}",
                       f"exists b{owner}")
            client("CONFIG", "SET", "maxmemory", "0")
            check(f"a session can be ended on a full server ({owner})",
                  got == ["UNAVAILABLE", "ok", "REVOKED", "ok"], got)
            check(f"and is counted as ended ({owner})",
                  store("stats").payload.split()[:2] == [left, left], store("stats").payload)
        client("CONFIG", "SET", "maxmemory", "1")
        got = each(store, "end_owner", "get balice")
        client("CONFIG", "SET", "maxmemory", "0")
        check("so can all of an owner", got == ["ok", "REVOKED"], got)


def nothing_stays(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="gone:", idle="200ms", tombstone="100ms",
                                  touch_every="0ms")) as store:
        for owner in ("alice", "bob", "-"):
            store.say(f"as {owner}")
            for i in range(50):
                store(f"create {owner}{i} x")
                store(f"touch {owner}{i}")
            for i in range(20):
                store(f"delete {owner}{i}")
    end_at = time.monotonic() + 5
    keys = None
    while time.monotonic() < end_at:
        keys = sorted(k for k in client("KEYS", "gone:*"))
        if keys == [b"gone:{all}"]:
            break
        time.sleep(0.1)
    check("sessions that nobody asks for again leave one key behind", keys == [b"gone:{all}"], keys)


def only_a_check_is_brief(server):
    client = server.client()
    lives = {"mcpsess-check-0a1b2c3d:": 600_000, "mcpsess-check-0a1b2c3:": -1,
             "mcpsess-check-0a1b2c3d": -1, "mcpsess-check-0a1b2c3d:more:": -1,
             "mcpsess-check-in-store:": -1, "x-mcpsess-check-0a1b2c3d:": -1}
    for prefix, most in lives.items():
        uri = server.unix(prefix=prefix, idle="none", absolute="none")
        with Store(BUILD, uri) as store:
            store.say("as alice")
            each(store, "create a x", "once t", "end_owner", "create b x")
            left = {key: client("PTTL", key) for key in client("KEYS", prefix + "{*")}
            check(f"what has no end below {prefix} ends as it should",
                  len(left) == 8 and all(min(most, 0) <= ttl <= most for ttl in left.values()),
                  left)
            client("PEXPIRE", prefix + "{all}", 100_000)
            store("stats")
            moves = client("PTTL", prefix + "{all}") > 100_000
            check("and only there a look keeps the count", moves == (most > 0), left)


def counts(server):
    uri = server.unix(prefix="count:", idle="400ms", tombstone="10s")
    with Store(BUILD, uri) as store, Store(BUILD, uri) as other:
        check("a store that nobody has used counts nothing", store("stats").payload == "0 0 0 0")
        store.say("as alice")
        for i in range(5):
            store(f"create a{i} 0123456789")
        other.say("as bob")
        each(other, "create b0 x", "create b1 x", "delete b1")
        got = store("stats").payload
        check("every node counts what all have stored", got == "6 1 51 0", got)
        each(store, "rotate a0 a9", "delete a1")
        got = other("stats").payload
        check("a rotation and a delete are counted", got == "5 3 41 0", got)
        store("end_owner")
        got = other("stats").payload
        check("and the end of an owner", got == "1 7 1 0", got)
        time.sleep(0.6)
        got = other("stats").payload
        check("what has expired is counted as that", got.startswith("0 8 0 1"), got)
        check("with nothing to walk through: one key is looked at",
              server.client()("OBJECT", "ENCODING", "count:{all}") == b"listpack")
    with Store(BUILD, server.unix(prefix="none:", tombstone="none")) as store:
        store.say("as alice")
        each(store, "create a x", "create b x", "end_owner", "create c x", "delete c")
        got = store("stats").payload
        check("where no tombstones are held none are counted", got == "0 0 0 0", got)


def main():
    with redis.Server() as server:
        rotation(server)
        the_end_of_an_owner(server)
        tokens(server)
        pings(server)
        counts(server)
        damage(server)
        a_server_that_is_full(server)
        nothing_stays(server)
        only_a_check_is_brief(server)
    end()


if __name__ == "__main__":
    main()

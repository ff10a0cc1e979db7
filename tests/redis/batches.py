#!/usr/bin/env python3
"""Reads that are asked together: one command, and each gets what it would be told alone.

    batches.py BUILD_FOLDER
"""
import re
import sys
import time

from harness import Store, check, end, redis, until
from proxy import SERVER, Proxy, blackhole, reset_after

BUILD = sys.argv[1]


def together(store, words):
    store.say("together " + words)
    return [store.hear() for _ in words.split()[1:]]


def scripts_run(client):
    stats = client("INFO", "commandstats").decode()
    return sum(int(n) for n in re.findall(r"cmdstat_evalsha?:calls=(\d+)", stats))


def told(answers):
    return [(a.status, a.revision, a.payload, a.text) for a in answers]


def prepare(store, owner, ended):
    """A record of each kind, by the name of what it is."""
    store.say("as bob")
    store("create bobs one")
    store.say(f"as {owner}")
    store("create ended one")
    if owner != "-":
        store("end_owner")
    store.say("count 1")
    store("create counted one")
    store.say("count 0")
    for name in ("live", "other", "deleted", "late", "old"):
        store.say(f"idle {30 if name == 'late' else 60000}")
        store(f"create {name} of-{name}")
    store("delete deleted")
    store.say("grace 60000")
    store("rotate old new")
    until(store, "exists late", ended)


def each_is_told_what_it_is_alone(server):
    client = server.client()
    names = "live none bobs other deleted late old ended counted live".split()
    for owner in ("alice", "-"):
        for every, stays in (("1h", "1h"), ("0", "1h"), ("1h", "none")):
            uri = server.unix(prefix=f"{owner}{every}{stays}:", touch_every=every, tombstone=stays)
            with Store(BUILD, uri) as store:
                prepare(store, owner, "EXPIRED" if stays == "1h" else "NOTFOUND")
                for touching, how in enumerate(("exists", "get", "touch", "get")):
                    store.say(f"touching {int(touching == 3)}")
                    store.say(f"any {int(touching == 1)}")
                    alone = [store(f"{how} {name}") for name in names]
                    before = scripts_run(client)
                    answers = together(store, f"{how} {' '.join(names)}")
                    title = f"{how} {touching} as {owner}, {every}, {stays}"
                    check(f"all of {title} are one command", scripts_run(client) == before + 2,
                          scripts_run(client) - before)
                    check("and each is told what it is alone", told(answers) == told(alone),
                          list(zip(names, told(answers), told(alone))))


def a_batch_has_a_limit(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="most:")) as store:
        names = [f"n{i % 7}" for i in range(60)]
        for name in names[:6]:
            store(f"create {name} of-{name}")
        before = scripts_run(client)
        answers = together(store, f"get {' '.join(names)}")
        check("sixty are two commands", scripts_run(client) == before + 3,
              scripts_run(client) - before)
        check("and each is told of its own", [a.payload for a in answers] ==
              ["" if n == "n6" else f"of-{n}" for n in names], answers)


def who_asks_something_else_is_not_among_them(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="counted:")) as store:
        store("create a one")
        store.say("count 1")
        before = scripts_run(client)
        answers = together(store, "get a a")
        check("reads that count are a command each",
              scripts_run(client) == before + 3 and [a.status for a in answers] == ["ok"] * 2,
              answers)


def those_of_owners_and_of_nobody_do_not_mix(server):
    with Store(BUILD, server.unix(prefix="owners:")) as store:
        store("create nobodys none")
        for owner in ("alice", "bob"):
            store.say(f"as {owner}")
            store(f"create {owner}s {owner}")
        answers = together(store, "get alices@alice bobs nobodys@ alices@alice bobs@alice")
        check("owners and nobody get their own", [a.payload for a in answers] ==
              ["alice", "bob", "none", "alice", ""] and answers[4].status == "NOTOWNER", answers)
        store("end_owner")
        answers = together(store, "get nobodys@ bobs@bob alices@alice")
        check("an owner's end is known behind nobody's record",
              [a.status for a in answers] == ["ok", "REVOKED", "ok"], answers)


def what_fails_one_does_not_fail_the_others(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="torn:", touch_every="0")) as store:
        store("create b one")
        key = client("KEYS", "torn:*:s")[0]
        client("DEL", key)
        client("LPUSH", key, "x")
        store("create a one")
        store("create c two")
        for how, payloads in (("get", ["one", "", "two"]), ("touch", [""] * 3)):
            alone = store(f"{how} b").status
            answers = together(store, f"{how} a b c")
            check(f"a {how} that fails fails no other", [a.status for a in answers] ==
                  ["ok", alone, "ok"] and "WRONGTYPE" in answers[1].text and
                  [a.payload for a in answers] == payloads, answers)


def a_damaged_one_does_not_fail_the_others(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="cut:")) as store:
        store.say("count 1")
        store("create b one")
        store.say("count 0")
        key = client("KEYS", "cut:*:s")[0]
        client("SET", key, client("GET", key)[:90])
        store("create a one")
        store("create c two")
        for how in ("get", "touch", "exists"):
            answers = together(store, f"{how} a b c")
            check(f"a {how} of a damaged record fails no other",
                  [a.status for a in answers] == ["ok", "CORRUPT", "ok"], answers)


def a_server_that_has_forgotten_the_script_is_told_it(server):
    client = server.client()
    with Store(BUILD, server.unix(prefix="flushed:")) as store:
        store("create a one")
        store("create b two")
        client("SCRIPT", "FLUSH")
        answers = together(store, "get b a none")
        check("the script is told again", told(answers)[:2] ==
              [("ok", 1, "two", ""), ("ok", 1, "one", "")] and
              answers[2].status == "NOTFOUND", answers)


def an_answer_has_bounds(server):
    client = server.client()
    for every in ("1h", "0"):
        with Store(BUILD, server.unix(prefix=f"large{every}:", touch_every=every)) as store:
            names = [f"n{i}" for i in range(12)]
            for name in names:
                store(f"create {name} {name * 100000}")
            before = scripts_run(client)
            answers = together(store, f"get {' '.join(names)}")
            commands = scripts_run(client) - before
            check(f"what is too much for one answer is asked alone (touch_every={every})",
                  [a.payload for a in answers] == [name * 100000 for name in names] and
                  2 < commands < 12, commands)


def the_same_record_twice_is_counted_once(server):
    with Store(BUILD, server.unix(prefix="twice:", touch_every="0", idle="1s")) as store:
        store.say("as alice")
        for name in "ab":
            store(f"create {name} one")
        before, right = store("stats").payload, []
        for _ in range(10):
            time.sleep(0.03)  # the slot in which they end is another each time
            right += [a.status == "ok" for a in together(store, "touch a b a a b")]
        check("a touch that is due, of one record again and again", all(right), right)
        check("it is counted as it was", store("stats").payload == before,
              (before, store("stats").payload))


def replaced(what, by):
    """What the server says has one thing in it that it did not say."""
    return lambda link, data: [(0, data.replace(what, by, 1) if link.name == SERVER else data)]


def a_connection_that_is_lost(server):
    """In the midst of a batch: before its answer, within it, and never told."""
    faults = {"reset": reset_after(1), "reset within": reset_after(150),
              "silence": blackhole(SERVER)}
    for name, fault in faults.items():
        with Proxy(server.port) as proxy:
            uri = f"redis://127.0.0.1:{proxy.port}?timeout=300ms&prefix=lost:"
            with Store(BUILD, uri) as store:
                for key in "abc":
                    store(f"create {key} {key * 3}")
                for how in ("get", "touch"):
                    with proxy.broken(fault):
                        answers = together(store, f"{how} a b c a b c")
                    lost = "UNAVAILABLE" if how == "get" else "UNKNOWN"
                    check(f"{name}: each {how} ends typed", all(
                        a.status in ("ok", lost, "UNAVAILABLE") for a in answers) and
                          any(a.status != "ok" for a in answers), answers)
                    _, after = until(store, "get a")
                    check("and the next connection is sound", after.payload == "aaa", after)


def lies(server):
    """A batch of three answered wrongly: each call ends typed and no call with another's record."""
    record = b"\r\n$81\r\n"
    told_wrong = {
        "one too few": (b"*4\r\n:", b"*3\r\n:"), "one too many": (b"*4\r\n:", b"*5\r\n:"),
        "none": (b"*4\r\n:", b"*0\r\n:"), "no time": (b"*4\r\n:", b"*4\r\n+"),
        "a time before all": (b"*4\r\n:", b"*4\r\n:-"),
        "a number for a record": (record, b"\r\n:7\r\n$81\r\n"),
        "a short record": (record, b"\r\n$3\r\nabc" + record),
        "half an answer": (record, b"\r\n*1\r\n:0" + record),
        "a status that is none": (record, b"\r\n*2\r\n:7\r\n:7" + record),
    }
    for name, (what, by) in told_wrong.items():
        with Proxy(server.port) as proxy:
            uri = f"redis://127.0.0.1:{proxy.port}?timeout=300ms&prefix=lies:"
            with Store(BUILD, uri) as store:
                for key in "abc":
                    store(f"create {key} {key * 3}")
                with proxy.broken(replaced(what, by)):
                    answers = together(store, "get a b c")
                right = [a.payload in ("", key * 3) and a.status in ("ok", "UNAVAILABLE")
                         for a, key in zip(answers, "abc")]
                check(f"{name} in an answer to many", all(right) and
                      any(a.status == "UNAVAILABLE" for a in answers), answers)
                _, after = until(store, "get a")
                check("and the next connection is sound", after.payload == "aaa", after)


def what_is_refused_to_many_is_asked_alone(server):
    for name, by in (("an error", b"-ERR odd\r\n"), ("nothing of each", b"*4\r\n:1\r\n" +
                                                     b"$-1\r\n" * 3)):
        with Proxy(server.port) as proxy:
            uri = f"redis://127.0.0.1:{proxy.port}?prefix=refused:"
            with Store(BUILD, uri) as store:
                for key in "abc":
                    store(f"create {key} {key * 3}")
                with proxy.broken(lambda link, data, by=by: [
                        (0, by if link.name == SERVER and data[:5] == b"*4\r\n:" else data)]):
                    answers = together(store, "get a b c")
                check(f"{name} for many: they are asked alone",
                      [a.payload for a in answers] == ["aaa", "bbb", "ccc"], answers)


def main():
    with redis.Server() as server:
        each_is_told_what_it_is_alone(server)
        a_batch_has_a_limit(server)
        who_asks_something_else_is_not_among_them(server)
        those_of_owners_and_of_nobody_do_not_mix(server)
        what_fails_one_does_not_fail_the_others(server)
        a_damaged_one_does_not_fail_the_others(server)
        a_server_that_has_forgotten_the_script_is_told_it(server)
        an_answer_has_bounds(server)
        the_same_record_twice_is_counted_once(server)
        a_connection_that_is_lost(server)
        lies(server)
        what_is_refused_to_many_is_asked_alone(server)
    end()


if __name__ == "__main__":
    main()

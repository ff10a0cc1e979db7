#!/usr/bin/env python3
"""What goes over the wire and to the disk: one round trip a verb, nothing where nothing is due.

    wire.py BUILD_FOLDER
"""
import sys
import time

from harness import Store, check, end, postgres, round_trips
from proxy import CLIENT, Proxy

BUILD = sys.argv[1]
QUIET = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0,
         "checkpoint_timeout": "1h"}


def round_trips_of(server):
    with Proxy(server.port) as proxy:
        round_trips(BUILD, proxy, postgres.uri(
            f"postgresql://{postgres.USER}@127.0.0.1:{proxy.port}/postgres",
            {"schema": "trips", "migrate": "create", "sslmode": "disable",
             "gssencmode": "disable"}))


class Counted:
    """A proxy that counts what is executed in what it passes, and asks it by name."""

    def __init__(self, port, **parameters):
        self.proxy = Proxy(port)
        self.proxy.fault = self.count
        self.executed = self.asked = self.ahead = 0
        self.uri = postgres.uri(f"postgresql://{postgres.USER}@127.0.0.1:{self.proxy.port}"
                                "/postgres", {"sslmode": "disable", "gssencmode": "disable",
                                              "migrate": "create", **parameters})

    def count(self, link, data):
        at = 0
        while link.name == CLIENT and at + 5 <= len(data) and data[at] != 0:
            self.executed += data[at:at + 1] == b"E"
            self.asked += data[at:at + 1] == b"S"
            self.ahead = max(self.ahead, self.asked)
            at += 1 + int.from_bytes(data[at + 1:at + 5], "big")
        # What the server says last when it has done what it was asked.
        if link.name != CLIENT and data[-6:-1] == b"Z\0\0\0\5":
            self.asked = 0
        return [(0, data)]


def together(store, words):
    store.say("together " + words)
    return [store.hear() for _ in words.split()[1:]]


def reads_that_meet_are_one_statement(port):
    for how, times in (("get", "1h"), ("touch", "1h"), ("get", "0"), ("touch", "0")):
        wire = Counted(port, schema="meet", touch_every=times)
        with wire.proxy, Store(BUILD, wire.uri) as store:
            store("create a one")
            store("create b two")
            for _ in range(2):
                before = wire.executed
                wire.proxy.reset()
                answers = together(store, f"{how} b a none b")
                check(f"four of {how} with touch_every={times} are one statement",
                      (wire.executed - before, wire.proxy.turns) == (2, 2),
                      (wire.executed - before, wire.proxy.turns))
                check("and each gets its own answer",
                      [(a.status, a.payload) for a in answers] ==
                      [("ok", "two" if how == "get" else ""),
                       ("ok", "one" if how == "get" else ""), ("NOTFOUND", ""),
                       ("ok", "two" if how == "get" else "")], answers)


def nothing_follows_a_statement_that_a_pooler_passes_on(server, pooler):
    for name, port, most in (("a server", server.port, 4), ("a pooler", pooler.port, 1)):
        wire = Counted(port, schema="ahead")
        with wire.proxy, Store(BUILD, wire.uri) as store:
            for key in "abcd":
                store(f"create {key} one")
            wire.asked = wire.ahead = 0
            answers = together(store, "delete a b c d")
            check(f"{name} is asked to do {most} at once", wire.ahead == most, wire.ahead)
            check("and does all", [a.status for a in answers] == ["ok"] * 4, answers)


def what_fails_one_does_not_fail_the_others(server):
    with Store(BUILD, server.tcp(schema="torn", migrate="create", touch_every="0")) as store:
        for name in ("a one", "b longer", "c one"):
            store(f"create {name}")
        server("create function torn.refuse() returns trigger language plpgsql as $f$ begin "
               "raise exception 'not this one'; end $f$")
        server("create trigger refuse before update on torn.session for each row "
               "when (new.length = 6) execute function torn.refuse()")
        time.sleep(0.01)
        answers = together(store, "touch a b c")
        check("a batch that fails goes on one by one", [a.status for a in answers] ==
              ["ok", "UNAVAILABLE", "ok"] and "not this one" in answers[1].text, answers)


def plans_that_are_lost_are_not_missed(server):
    wire = Counted(server.port, schema="lost")
    with wire.proxy, Store(BUILD, wire.uri) as store:
        store("create a one")
        wire.proxy.fault = lambda link, data: [(0, data.replace(b"\0mcpsess_", b"\0mcpsesx_"))]
        answers = [store("get a"), store("update a 1 two"), *together(store, "get a a")]
        check("a server that has lost its plans is told all again",
              [(a.status, a.payload) for a in answers] ==
              [("ok", "one"), ("ok", ""), ("ok", "two"), ("ok", "two")], answers)


def batches_do_not_lock_each_other_out(server):
    uri = server.tcp(schema="cross", migrate="create", touch_every="0")
    names = [f"s{n}" for n in range(40)]
    with Store(BUILD, uri) as one, Store(BUILD, uri) as other:
        for name in names:
            one(f"create {name} one")
        answers = []
        for _ in range(100):
            one.say("together touch " + " ".join(names))
            other.say("together touch " + " ".join(reversed(names)))
            answers += [store.hear() for store in (one, other) for _ in names]
    check("every touch of batches that cross succeeds", all(a.status == "ok" for a in answers),
          [a for a in answers if a.status != "ok"][:3])
    with open(server.log, encoding="utf-8") as log:
        check("and none had to be given up", "deadlock" not in log.read())


def a_get_touches_what_is_due(server):
    with Store(BUILD, server.tcp(schema="due", migrate="create", touch_every="0")) as store:
        store("create a one")
        store.say("touching 1")
        before, end_by = server("select expires_ms from due.session"), time.monotonic() + 10
        while server("select expires_ms from due.session") == before and \
                time.monotonic() < end_by:
            store("get a")
        check("a get touches what is due", server("select expires_ms from due.session") > before)


def a_touch_that_is_not_due_writes_nothing(server):
    with Store(BUILD, server.tcp(schema="still", migrate="create", touch_every="1h")) as store:
        store("create a one")
        for _ in range(20):
            store("get a")
        before = server("select pg_current_wal_insert_lsn()")
        answers = [store(line) for line in ("get a", "touch a", "exists a", "list") * 50]
        bytes_written = server(f"select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{before}')")
        check("200 reads and touches that are not due write 0 bytes of WAL",
              bytes_written == "0" and all(a.status == "ok" for a in answers), bytes_written)


def touches_are_made_in_place(server):
    with Store(BUILD, server.tcp(schema="hot", migrate="create", touch_every="0")) as store:
        for name in range(20):
            store(f"create s{name} {'x' * 300}")
        for _ in range(100):
            for name in range(20):
                store(f"touch s{name}")
            time.sleep(0.001)  # the clock has to move for a touch to be due
    share = "0 0"
    stop = time.monotonic() + 20
    while share.split()[0] == "0" and time.monotonic() < stop:
        share = server("select n_tup_upd || ' ' || n_tup_hot_upd from pg_stat_user_tables "
                       "where schemaname = 'hot' and relname = 'session'")
        time.sleep(0.05)
    updates, hot = (int(n) for n in share.split())
    check("of many touches 99 % or more are made in place",
          updates > 1000 and hot >= 0.99 * updates, f"{hot} of {updates}")


def what_has_ended_leaves_nothing(server):
    with Store(BUILD, server.tcp(schema="ends", migrate="create", tombstone="0")) as store:
        store.say("as alice")
        for name in range(50):
            store(f"create s{name} {'x' * 300}")
            store(f"delete s{name}")
    left = server("select (select count(*) from ends.session) + (select count(*) from ends.state)"
                  " + (select count(*) from ends.owner) + (select sum(sessions) from ends.place)")
    check("records that are deleted leave no rows and no places", left == "0", left)


def main():
    with postgres.Server(**QUIET) as server:
        round_trips_of(server)
        reads_that_meet_are_one_statement(server.port)
        with postgres.Pooler(server) as pooler:
            reads_that_meet_are_one_statement(pooler.port)
            nothing_follows_a_statement_that_a_pooler_passes_on(server, pooler)
        what_fails_one_does_not_fail_the_others(server)
        plans_that_are_lost_are_not_missed(server)
        batches_do_not_lock_each_other_out(server)
        a_get_touches_what_is_due(server)
        a_touch_that_is_not_due_writes_nothing(server)
        touches_are_made_in_place(server)
        what_has_ended_leaves_nothing(server)
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What goes over the wire and to the disk: one round trip a verb, nothing where nothing is due.

    wire.py BUILD_FOLDER
"""
import sys
import time

from harness import Store, check, end, postgres, round_trips
from proxy import Proxy

BUILD = sys.argv[1]
QUIET = {"autovacuum": "off", "wal_level": "minimal", "max_wal_senders": 0,
         "checkpoint_timeout": "1h"}


def round_trips_of(server):
    with Proxy(server.port) as proxy:
        round_trips(BUILD, proxy, postgres.uri(
            f"postgresql://{postgres.USER}@127.0.0.1:{proxy.port}/postgres",
            {"schema": "trips", "migrate": "create", "sslmode": "disable",
             "gssencmode": "disable"}))


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
        a_touch_that_is_not_due_writes_nothing(server)
        touches_are_made_in_place(server)
        what_has_ended_leaves_nothing(server)
    end()


if __name__ == "__main__":
    main()

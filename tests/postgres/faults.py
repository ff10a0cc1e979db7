#!/usr/bin/env python3
"""A PostgreSQL that breaks, and what a store says of it.

    faults.py BUILD_FOLDER
"""
import os
import socket
import subprocess
import sys
import time

from harness import SERIALIZABLE, Store, check, end, misspelt_parameters, postgres
from proxy import SERVER, Proxy, blackhole

BUILD = sys.argv[1]
FAILS = ("UNAVAILABLE", "UNKNOWN")


def until_ok(store, line, seconds=10):
    stop = time.monotonic() + seconds
    answer = store(line)
    while answer.status in FAILS and time.monotonic() < stop:
        time.sleep(0.05)
        answer = store(line)
    return answer


def wait_for_lock(server):
    stop = time.monotonic() + 5
    while time.monotonic() < stop and server(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "0":
        time.sleep(0.01)


def terminate(server):
    server("select pg_terminate_backend(pid) from pg_stat_activity "
           "where application_name = 'mcpsess'")


def the_schema_is_looked_at(server):
    with Store(BUILD, server.tcp(schema="absent")) as store:
        answer = store("get a")
        check("a schema that is missing is refused, saying how to make it",
              answer.status == "UNAVAILABLE" and "migrate=create" in answer.text, answer)
    with Store(BUILD, server.tcp(schema="newer", migrate="create")) as store:
        check("migrate=create makes it", store("create a one").status == "ok")
    with Store(BUILD, server.tcp(schema="newer", migrate="drop")) as store:
        check("migrate=drop is for what checks have made only", "mcpsess_check_" in store.opened,
              store.opened)
    server("update newer.meta set version = 99")
    with Store(BUILD, server.tcp(schema="newer")) as store:
        got = [store(line) for line in ("get a", "create b two")]
        check("a schema of a newer library that serves this one as well is used",
              [a.status for a in got] == ["ok"] * 2, got)
    server("update newer.meta set needs = 98")
    with Store(BUILD, server.tcp(schema="newer", migrate="create")) as store:
        answer = store("get a")
        check("a schema of a newer library is refused",
              answer.status == "UNAVAILABLE" and "newer" in answer.text, answer)


def back_to_version_1(server, schema):
    """What that had: a make that is not told whether owners are compared."""
    old = f"{schema}.make(bytea, bytea, bytea, bytea" + 8 * ", bigint"
    server(f"drop function {old}, bigint)")
    server(f"create function {old}) returns bigint language sql as 'select 1::bigint'")
    server(f"alter table {schema}.meta drop column needs")
    server(f"update {schema}.meta set version = 1")


def an_older_schema_is_brought_up(server):
    uri = server.tcp(schema="older", migrate="create")
    with Store(BUILD, uri) as store:
        store("create a one")
    back_to_version_1(server, "older")
    with Store(BUILD, server.tcp(schema="older")) as store:
        answer = store("get a")
        check("a schema of an older library is refused where it may not be migrated",
              answer.status == "UNAVAILABLE" and "older" in answer.text, answer)
    with Store(BUILD, uri) as store:
        got = [store(line) for line in ("get a", "create b two", "rotate b c", "get c")]
        check("migrate=create brings it up to date, with what is in it",
              [a.status for a in got] == ["ok"] * 4 and got[0].payload == "one", got)
    key = "decode(repeat('07', 32), 'hex')"
    status = server(f"select o_status from older.make({key}, '', '', '', 0, 1, 1000, 1000, 0, 0, "
                    "10, 10)")
    check("a server of the older library that is connected goes on", status == "0", status)


def made_by_hand(server, schema):
    """What the printer prints, fed to psql: its exit status, and what it says."""
    text = subprocess.run([os.path.join(BUILD, "backends/postgres/mcpsess-postgres-schema"),
                           schema], stdout=subprocess.PIPE, text=True, check=True).stdout
    run = subprocess.run(server.psql("")[:-3] + ["postgres"], input=text, text=True, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.returncode, run.stdout


def what_is_printed_serves_every_version(server):
    def serves(name, *lines):
        made = made_by_hand(server, "hand")
        with Store(BUILD, server.tcp(schema="hand")) as store:
            got = [store(line) for line in lines]
        check("what is printed " + name,
              made[0] == 0 and [a.status for a in got] == ["ok"] * len(lines), (made, got))

    serves("makes a schema", "create a one")
    serves("leaves one that is up to date as it is", "get a", "update a 1 two")
    back_to_version_1(server, "hand")
    serves("brings an older one up to date", "get a", "create b one", "rotate b c", "get c")
    server("update hand.meta set version = 99")
    serves("leaves a newer one that serves this library as well as it is", "get a")
    versions = server("select version, needs from hand.meta")
    check("and does not set it back", versions == "99|1", versions)
    server("update hand.meta set needs = 98")
    status, said = made_by_hand(server, "hand")
    check("and is refused by a newer one that does not",
          status != 0 and "newer library" in said and "needs one that knows 98" in said, said)


def many_migrate_at_once(server, **parameters):
    server("drop schema if exists raced cascade")
    uri = server.tcp(schema="raced", migrate="create", timeout="20s", connect_timeout="20s",
                     **parameters)
    stores = [Store(BUILD, uri) for _ in range(8)]
    for number, store in enumerate(stores):
        store.say(f"create s{number} one")
    answers = [store.hear() for store in stores]
    for store in stores:
        store.close()
    check(f"of many that make one schema at once all succeed {parameters}",
          all(a.status == "ok" for a in answers), answers)
    versions = server("select count(*) from raced.meta")
    check(f"and it is made once {parameters}", versions == "1", versions)


def connections_end(server):
    with Store(BUILD, server.tcp(schema="ended", migrate="create")) as store:
        store("create a one")
        terminate(server)
        time.sleep(0.1)
        answer = store("update a 1 two")
        check("a connection that ended while idle costs nothing", answer.status == "ok", answer)
        with postgres.Session(server, "begin; select from ended.session for update"):
            store.say("operation word")
            store.say("update a 2 three")
            wait_for_lock(server)
            terminate(server)
            answer = store.hear()
        check("a write whose statement was terminated is UNAVAILABLE: nothing happened",
              answer.status == "UNAVAILABLE", answer)
        answer = until_ok(store, "update a 2 three")
        check("and then it can be done", (answer.status, answer.revision) == ("ok", 3), answer)


def what_is_in_the_way_is_waited_for(server):
    with Store(BUILD, server.tcp(schema="way", migrate="create", tombstone="1ms")) as store:
        store.say("idle 1")
        store("create again one")
        while store("get again").status != "NOTFOUND":
            pass
        with postgres.Session(server, "begin; select from way.session for update"):
            store.say("create again two")
            wait_for_lock(server)
        answer = store.hear()
        check("a create waits for who looks at the remains of another", answer.status == "ok",
              answer)


def a_pooler_loses_the_server(server):
    with Proxy(server.port) as proxy, postgres.Pooler(proxy) as pooler, \
            Store(BUILD, pooler.tcp(schema="pooled", migrate="create")) as store:
        store("create a one")
        store.say("operation word")
        with proxy.broken(blackhole(SERVER)):
            store.say("update a 1 two")
            time.sleep(0.2)
            proxy.cut()
            answer = store.hear()
        check("a write whose answer a pooler did not get is UNKNOWN", answer.status == "UNKNOWN",
              answer)
        answer = until_ok(store, "update a 1 two")
        check("and repeated it is applied once", (answer.status, answer.revision) == ("ok", 2),
              answer)


def what_is_wanted_of_a_server_is_that_it_writes(server):
    for value in ("read-write", "primary"):
        with Store(BUILD, server.tcp(schema="older", target_session_attrs=value)) as store:
            answer = store("get a") if store.opened == "open" else store.opened
            check(f"target_session_attrs={value} may be said",
                  store.opened == "open" and answer.status == "ok", answer)
    for value in ("standby", "any", "read-only"):
        with Store(BUILD, server.tcp(target_session_attrs=value)) as store:
            check(f"target_session_attrs={value} is refused by name",
                  f"target_session_attrs={value}: " in store.opened, store.opened)


def a_standby_is_passed_over(server):
    def places(*servers):
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in servers)
        return postgres.uri(f"postgresql://{postgres.USER}@{hosts}/postgres", {"schema": "older"})

    with postgres.Standby(server, fsync="off") as standby:
        with Store(BUILD, places(standby, server)) as store:
            answer = store("create passed one")
            check("a standby is passed over for the server that writes", answer.status == "ok",
                  answer)
        with Store(BUILD, places(standby)) as store:
            answer = store("get a")
            check("a standby alone is UNAVAILABLE, for it is read-only",
                  answer.status == "UNAVAILABLE" and "read-only" in answer.text, answer)


def a_host_that_says_nothing_is_passed_over(server):
    """As one does that hangs, or has lost its power."""
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(
            ("127.0.0.1", 0)) as deaf, socket.create_server(("127.0.0.1", 0)) as gone:
        ports = [one.getsockname()[1] for one in (silent, gone, deaf)] + [server.port]
        gone.close()
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        lists = {"host": ",".join(["127.0.0.1"] * 4), "port": ",".join(map(str, ports)),
                 "user": postgres.USER}
        own = {"schema": "older", "connect_timeout": "800ms", "timeout": "5s"}
        for uri in (postgres.uri(f"postgresql://{postgres.USER}@{hosts}/postgres", own),
                    postgres.uri("postgresql:///postgres", {**lists, **own})):
            with Store(BUILD, uri) as store:
                answer = store("exists any")
                check("hosts that say nothing are passed over", answer.status == "NOTFOUND",
                      answer)
                check("each within its share of connect_timeout", answer.ms < 800, answer)
                server("select pg_terminate_backend(pid) from pg_stat_activity "
                       "where application_name = 'mcpsess'")
                answer = until_ok(store, "ping")
                check("and are not asked again first", answer.ms < 200, answer)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = ",".join([f"127.0.0.1:{silent.getsockname()[1]}"] * 2)
        uri = postgres.uri(f"postgresql://{hosts}/postgres", {"connect_timeout": "300ms"})
        with Store(BUILD, uri) as store:
            answer = store("exists any")
            check("where all are silent it is over with connect_timeout",
                  answer.status == "UNAVAILABLE" and answer.ms < 500 and
                  "connect_timeout" in answer.text, answer)


def no_secret_is_told(server):
    place = f"127.0.0.1:{server.port}/none"
    for uri in (f"postgresql://mcp:sesame@{place}", f"postgresql://mcp:sesame@{place}:x",
                "postgresql://mcp:sesame@127.0.0.1:1/none",
                "postgresql://mcp:ses@sesame:sesame@sesame/"):
        with Store(BUILD, uri) as store:
            told = store.opened if store.opened != "open" else store("get a").text
            check("no error tells a password", told and "sesame" not in told.replace(
                '"sesame', ""), told)


def a_password_that_is_not_there_is_told(server):
    for source, text in (("password_file=/nonexistent", "No such file or directory"),
                         ("password_file=/tmp", "Is a directory"),
                         ("password_env=MCPSESS_UNSET", "no such variable")):
        with Store(BUILD, server.tcp(migrate="create") + "&" + source) as store:
            answer = store("get a")
            check(f"{source}: no connection without a password",
                  answer.status == "UNAVAILABLE" and answer.text == f"{source}: {text}", answer)


def main():
    misspelt_parameters(BUILD, "postgresql://localhost")
    with postgres.Server() as server:
        the_schema_is_looked_at(server)
        an_older_schema_is_brought_up(server)
        what_is_printed_serves_every_version(server)
        many_migrate_at_once(server)
        many_migrate_at_once(server, options=SERIALIZABLE)
        connections_end(server)
        what_is_in_the_way_is_waited_for(server)
        a_pooler_loses_the_server(server)
        what_is_wanted_of_a_server_is_that_it_writes(server)
        a_standby_is_passed_over(server)
        a_host_that_says_nothing_is_passed_over(server)
        no_secret_is_told(server)
        a_password_that_is_not_there_is_told(server)
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Two releases of the library on one shared store: an upgrade that is rolled out, and back."""
import concurrent.futures
import contextlib
import json
import os
import re
import sys
import time

from mcp import Client, Server, equal, initialize, opened, run
from nodes import Cluster, Load, every_store

MARK = b"kept by a later release"  # as in later.c
RECORD = re.compile(rb"MS.\x01\x0a2.*", re.DOTALL)  # behind times and counts


def later(name):
    """What makes a server run with a later release of the library."""
    return {"LD_PRELOAD": os.path.join(sys.argv[1], f"tests/e2e/later-{name}.so")}


def payloads(store):
    """What is stored of each session, as bytes."""
    if store.name == "postgres":
        rows = store.server("select encode(data, 'hex') from mcpsess.state order by key")
        return [bytes.fromhex(row) for row in rows.split("\n") if row]
    with contextlib.closing(store.server.client()) as client:
        names = sorted(n for n in client("KEYS", "*") if client("TYPE", n) == "string")
        found = [RECORD.search(client("GET", n)) for n in names]
        return [record[0] for record in found if record]


def marked(store):
    return sum(MARK in payload for payload in payloads(store))


def rolled(cluster, load, env):
    """Every server, one after the other, is ended and started anew with another release."""
    for node in cluster.nodes:
        load.goes_on()
        node.stop()
        node.env = {**node.env, "LD_PRELOAD": "", **env}
        node.start()
        time.sleep(0.3)  # the balancer looks every 0.1 s
        load.goes_on()


@every_store
def an_upgrade_and_its_roll_back_are_not_noticed(make):
    with Cluster(make, "--drain-delay", "1", balanced=("--health", "/health")) as cluster, \
            Load(cluster) as load:
        rolled(cluster, load, later("member"))
        equal(marked(cluster.store), 0, "sessions of the later release")
        begun_later = opened(cluster.balancer)
        equal(begun_later.call("set_session_data", key="k", value=1) != "", True)
        equal(marked(cluster.store), 1, "sessions of the later release")
        rolled(cluster, load, {})
        equal(json.loads(begun_later.call("get_session_data", key="k")), 1)
        equal(marked(cluster.store), 1, "sessions of the later release")
    equal((load.wrong, load.forgiven), ([], 0), "wrong answers")


@every_store
def what_only_the_later_release_knows_outlives_writes_of_both(make):
    with Cluster(make, envs=({}, later("member"), {})) as cluster:
        for begun_at in (0, 1):
            session = opened(cluster.nodes[begun_at]).session

            def write(node, session=session):
                client = cluster.at(node, session)
                for number in range(20):
                    client.call("set_session_data", key=f"n{node}k{number}", value=number)
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                list(pool.map(write, range(3)))
            for node in range(3):
                stored = json.loads(cluster.at(node, session).call("get_session_data"))
                equal(len(stored), 60, "keys")
            equal(marked(cluster.store), begun_at, "sessions of the later release")


def refused(client, about):
    """Each kind of message meets 501, and nothing that would end the session for its client."""
    answers = [client.ask("ping"), client.notify("notifications/initialized"),
               client.ask("tools/call", {"name": "set_session_data",
                                         "arguments": {"key": "k", "value": 2}}),
               client.delete()]
    equal([answer.status for answer in answers], [501] * 4, about)
    equal(answers[0].json()["error"]["code"], -32603, about)
    equal(b"record" in answers[0].body, False, "internals")


@every_store
def what_only_the_later_release_reads_is_refused_and_stays_as_it_is(make):
    for name in ("critical", "format"):
        with make() as store, Server(*store.options) as here, \
                Server(*store.options, env=later(name)) as there:
            client = opened(there)
            client.call("set_session_data", key="k", value=1)
            before = payloads(store)
            equal(marked(store), 1, name)
            visitor = Client(here)
            visitor.session = client.session
            for _ in range(2):
                refused(visitor, name)
            equal(payloads(store), before, "stored")
            equal(Client(here).ask("initialize", initialize()).status, 200, "others are served")
            equal(json.loads(client.call("get_session_data")), {"k": 1})
            equal(client.delete().status, 200)
            equal(visitor.ask("ping").status, 404, "deleted where it can be read")


run()

#!/usr/bin/env python3
"""Three servers on one shared store behind a balancer without affinity: no session is lost."""
import calendar
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import socket
import sys
import threading
import time

from mcp import Client, Process, equal, initialize, opened, program, run, until
from nodes import SLOW, Cluster, Load, every_store

NODES = 3


@every_store
def requests_behind_round_robin_meet_no_session_error(make):
    total, threads = 10000 // SLOW, 10
    with Cluster(make) as cluster:
        clients = [opened(cluster.balancer) for _ in range(threads)]

        def talk(client):
            for number in range(total // threads):
                equal(f"m{number}" in client.call("echo", message=f"m{number}"), True)
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            list(pool.map(talk, clients))
        for client in clients:
            equal(client.info()["request_count"], total // threads, "requests")


@every_store
def sessions_outlive_the_killing_of_every_node_in_turn(make):
    with Cluster(make) as cluster, Load(cluster, forgives=(502, 503)) as load:
        for node in cluster.nodes:
            load.goes_on()
            node.process.kill()
            node.process.wait()
            load.goes_on()
            node.start()
        load.goes_on()
        for session in load.ids:
            for node in range(NODES):
                equal(cluster.at(node, session).ask("ping").status, 200, "at each node")
    equal(load.wrong, [], "wrong answers")


@every_store
def a_rolling_restart_under_load_is_not_noticed(make):
    with Cluster(make, "--drain-delay", "1", balanced=("--health", "/health")) as cluster, \
            Load(cluster) as load:
        for node in cluster.nodes:
            load.goes_on()
            node.stop()
            node.start()
            time.sleep(0.3)  # the balancer looks every 0.1 s
        load.goes_on()
    equal((load.wrong, load.forgiven), ([], 0), "wrong answers")
    equal(load.answers > 500 // SLOW, True, load.answers)


@every_store
def fifty_first_requests_at_a_cold_node_adopt_a_session_once(make):
    with Cluster(make) as cluster:
        session = opened(cluster.nodes[0]).session
        cold = cluster.nodes[1]
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            ready = threading.Barrier(50)

            def first(number):
                client = cluster.at(1, session)
                client.connection.connect()
                ready.wait()
                return client.call("echo", message=str(number))
            equal(len(list(pool.map(first, range(50)))), 50)
        equal(cold.metric("mcpsess_sessions_created_total"), 0, "created there")
        equal(cluster.at(2, session).info()["request_count"], 50, "requests")


def logged(node):
    """When a node began, by its own clock."""
    found = re.search(r"(\S+)\.\d+Z info listening", node.said())
    return calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))


@every_store
def expiry_is_judged_by_the_clock_of_the_store(make):
    ahead = {"LD_PRELOAD": os.path.join(sys.argv[1], "tests/e2e/clock-shift.so")}
    if SLOW > 1:  # a sanitizer wants to be the first library
        ahead["ASAN_OPTIONS"] = "verify_asan_link_order=0"
    with Cluster(make, envs=({}, ahead, {}), idle="3s", touch_every="100ms") as cluster:
        busy, left = opened(cluster.nodes[0]), opened(cluster.nodes[1])
        equal(3590 < logged(cluster.nodes[1]) - logged(cluster.nodes[0]) < 3610, True, "apart")
        end = time.monotonic() + 4
        while time.monotonic() < end:
            for node in range(NODES):
                equal(cluster.at(node, busy.session).ask("ping").status, 200, "in use")
                time.sleep(0.1)
        for node in range(NODES):
            equal(cluster.at(node, left.session).ask("ping").status, 404, "not in use")


@every_store
def a_call_longer_than_the_idle_period_is_not_cut_at_any_node(make):
    with Cluster(make, idle="1s") as cluster:
        session = opened(cluster.balancer).session
        equal("long" in cluster.at(0, session).call("echo", message="long", delay=3), True)
        for node in range(NODES):
            equal(cluster.at(node, session).ask("ping").status, 200, "and goes on")


def kept(store):
    """How many rows or keys there are, without the one that counts them."""
    if store.name == "postgres":
        return int(store.server("select (select count(*) from mcpsess.session)"
                                " + (select count(*) from mcpsess.state)"))
    with contextlib.closing(store.server.client()) as client:
        return len([name for name in client("KEYS", "*") if not name.endswith(b"{all}")])


@every_store
def what_is_deleted_and_what_expires_leaves_nothing_in_the_store(make):
    with Cluster(make, idle="3s", tombstone="500ms") as cluster:
        clients = [opened(cluster.balancer) for _ in range(20)]
        for client in clients:
            client.call("set_session_data", key="k", value="x" * 1000)
        equal(kept(cluster.store) >= 20, True, "there is something")
        for client in clients[:10]:
            equal(client.delete().status, 200)
        until(lambda: kept(cluster.store) == 0)
        equal([node.sessions() for node in cluster.nodes], [0] * NODES)


@every_store
def a_refresh_that_races_a_delete_never_brings_the_session_back(make):
    with Cluster(make, touch_every="1ms") as cluster:
        for _ in range(20):
            session = opened(cluster.balancer).session
            clients = [cluster.at(n, session) for n in range(NODES)]
            with concurrent.futures.ThreadPoolExecutor(NODES) as pool:
                going = [pool.submit(lambda c: [c.ask("ping").status for _ in range(8)], c)
                         for c in clients[:2]]
                deleted = pool.submit(lambda: clients[2].delete().status)
                equal(deleted.result() in (200, 404), True)
                for one in going:
                    statuses = one.result()
                    equal(statuses, sorted(statuses), "never 200 after 404")
            for node in range(NODES):
                equal(cluster.at(node, session).ask("ping").status, 404, "deleted")


@every_store
def different_keys_set_at_once_from_three_nodes_are_all_kept(make):
    with Cluster(make) as cluster:
        session = opened(cluster.balancer).session

        def write(node):
            client = cluster.at(node, session)
            for number in range(20):
                client.call("set_session_data", key=f"n{node}k{number}", value=number)
        with concurrent.futures.ThreadPoolExecutor(NODES) as pool:
            list(pool.map(write, range(NODES)))
        stored = json.loads(cluster.at(0, session).call("get_session_data"))
        equal(len(stored), NODES * 20, stored)


class Counter(Process):
    """threads, whose tool adds to a number in the session."""

    ends_with = (0, -signal.SIGTERM)

    def __init__(self, store):
        super().__init__([program("threads"), "--port", "{port}", *store.options])


@every_store
def a_counter_raised_from_three_nodes_misses_nothing(make):
    total = 10000 // SLOW
    with make() as store, Counter(store) as one, Counter(store) as two, Counter(store) as three:
        nodes = [one, two, three]
        session = opened(one).session

        def count(node):
            client = Client(node)
            client.session = session
            done = 0
            while done < total // 4:
                answer = client.ask("tools/call", {"name": "count", "arguments": {}})
                if answer.status == 503:  # others were faster each time
                    continue
                equal(answer.status, 200, answer.body)
                done += 1
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(count, [one, two, three, one]))
        client = Client(nodes[1])
        client.session = session
        equal(client.call("count"), str(total // 4 * 4 + 1))


@every_store
def GET_and_DELETE_work_as_first_requests_at_a_cold_node(make):
    with Cluster(make) as cluster:
        session = opened(cluster.nodes[0]).session
        with contextlib.closing(socket.create_connection(("127.0.0.1", cluster.nodes[1].port))):
            status = cluster.at(1, session).send("GET", Accept="text/event-stream").status
            equal(status in (200, 405), True, status)
            equal(cluster.at(1, session).ask("ping").status, 200, "nobody is blocked")
        equal(cluster.at(2, session).delete().status, 200)
        equal([cluster.at(n, session).ask("ping").status for n in range(NODES)], [404] * NODES)


@every_store
def a_made_up_id_is_admitted_by_no_method(make):
    with Cluster(make) as cluster:
        opened(cluster.balancer)
        for made_up in ("made-up-but-of-a-fitting-length-0123456789ab", "x" * 43, "x" * 200):
            for node in range(NODES):
                client = cluster.at(node, made_up)
                equal(client.ask("ping").status, 404)
                equal(client.ask("tools/call", {"name": "echo", "arguments": {}}).status, 404)
                equal(client.notify("notifications/initialized").status, 404)
                equal(client.send("GET", Accept="text/event-stream").status in (404, 405), True)
                equal(client.delete().status, 404)
                begun = client.ask("initialize", initialize())
                equal(begun.session != made_up, True, "never minted by a client")
                if begun.session:
                    equal(cluster.at(node, begun.session).delete().status, 200)
                equal(client.ask("ping").status, 404, "still not there")


run()

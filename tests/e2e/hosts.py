#!/usr/bin/env python3
"""The small hosts: each way to integrate serves the same life."""
import concurrent.futures
import json
import signal
import subprocess

from mcp import Client, Process, check, equal, initialize, opened, program, run
from nodes import every_store


class Host(Process):
    """One of the small hosts; most end by the signal."""

    ends_with = (0, -signal.SIGTERM)

    def __init__(self, name, *options):
        super().__init__([program(name), "--port", "{port}", *options])


def life(name, *options):
    with Host(name, *options) as host:
        client = opened(host)
        equal([tool["name"] for tool in client.result("tools/list")["tools"]], ["count"])
        other = opened(host)
        equal([client.call("count") for _ in range(3)], ["1", "2", "3"])
        equal(other.call("count"), "1", "the other session counts its own")
        equal(client.send("POST", "{").status, 400)
        equal(client.ask("ping", Host="evil.example.com").status, 403)
        equal(client.ask("ping", Mcp_Session_Id=None).status, 400)
        equal(client.delete().status, 200)
        equal(client.ask("ping").status, 404)
        equal(other.call("count"), "2", "the other session lives on")


def crowd(name):
    with Host(name) as host:
        def talk(_):
            client = Client(host)
            client.session = client.ask("initialize", initialize()).session
            last = [client.call("count") for _ in range(10)][-1]
            client.connection.close()
            return last
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            equal(list(pool.map(talk, range(32))), ["10"] * 32)


@check
def by_hand_serves_a_whole_life():
    life("by-hand")


@check
def poll_loop_serves_a_whole_life_and_a_crowd():
    life("poll-loop")
    crowd("poll-loop")


@check
def libevent_loop_serves_a_whole_life_and_a_crowd():
    life("libevent-loop")
    crowd("libevent-loop")


@check
def threads_serves_a_whole_life_and_a_crowd():
    life("threads")
    crowd("threads")


@check
def cxx_serves_a_whole_life_and_a_crowd():
    life("cxx")
    crowd("cxx")

@every_store
def every_host_serves_a_whole_life_on_a_shared_store_at_once(make):
    with make() as store:
        for name in ("by-hand", "poll-loop", "libevent-loop", "threads", "cxx"):
            apart = {"redis": {"prefix": f"{name}:"},
                     "postgres": {"schema": name.replace("-", "_")}}[store.name]
            life(name, "--store", store.server.unix(**apart), *store.options)


@every_store
def stdio_serves_a_session_on_a_shared_store_at_once(make):
    asked = [{"id": 1, "method": "initialize", "params": initialize()},
             {"method": "notifications/initialized"},
             *({"id": i, "method": "tools/call", "params": {"name": "count", "arguments": {}}}
               for i in (2, 3))]
    lines = "".join(json.dumps({"jsonrpc": "2.0", **one}) + "\n" for one in asked)
    with make() as store:
        done = subprocess.run([program("stdio"), *store.options], input=lines, text=True,
                              stdout=subprocess.PIPE, timeout=30, check=True)
    last = json.loads(done.stdout.splitlines()[-1])
    equal(last["result"]["content"][0]["text"], "2", done.stdout)


run()

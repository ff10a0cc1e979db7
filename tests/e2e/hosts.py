#!/usr/bin/env python3
"""The small hosts: each way to integrate serves the same life."""
import concurrent.futures
import signal

from mcp import Client, Process, check, equal, initialize, opened, program, run


class Host(Process):
    """One of the small hosts; most end by the signal."""

    ends_with = (0, -signal.SIGTERM)

    def __init__(self, name):
        super().__init__([program(name), "--port", "{port}"])


def life(name):
    with Host(name) as host:
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


run()

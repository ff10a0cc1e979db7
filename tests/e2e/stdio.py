#!/usr/bin/env python3
"""A session over standard input and output."""
import json
import subprocess
import time

from mcp import check, equal, initialize, program, run


class Pipe:
    """A server on two pipes; nothing but messages may come out of it."""

    def __init__(self, name, *options):
        self.process = subprocess.Popen([program(name), *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def write(self, *messages):
        for message in messages:
            text = message if isinstance(message, str) else json.dumps(message)
            self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def read(self):
        return json.loads(self.process.stdout.readline())

    def ask(self, ident, method, params):
        self.write({"jsonrpc": "2.0", "id": ident, "method": method, "params": params})
        reply = self.read()
        equal(reply["id"], ident, reply)
        return reply

    def call(self, tool, **arguments):
        reply = self.ask("call", "tools/call", {"name": tool, "arguments": arguments})
        return reply["result"]["content"][0]["text"]

    def open(self):
        reply = self.ask(0, "initialize", initialize())
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return reply["result"]

    def end(self):
        rest, _ = self.process.communicate(timeout=10)
        equal(rest, b"", "after the last answer")
        equal(self.process.returncode, 0, "exit status")


def echo(*options):
    return Pipe("echo-stateful", "--transport", "stdio", *options)


@check
def a_whole_life_over_pipes():
    pipe = echo()
    equal(pipe.open()["protocolVersion"], "2025-06-18")
    equal("hello" in pipe.call("echo", message="hello"), True)
    pipe.call("set_session_data", key="k", value={"a": 1})
    equal(json.loads(pipe.call("get_session_data", key="k")), {"a": 1})
    equal(json.loads(pipe.call("get_session_info"))["request_count"], 3)
    pipe.end()


@check
def many_lines_at_once_are_answered_in_order():
    pipe = echo()
    pipe.open()
    pipe.write(*[{"jsonrpc": "2.0", "id": n, "method": "ping"} for n in range(100)])
    equal([pipe.read()["id"] for _ in range(100)], list(range(100)))
    pipe.end()


@check
def a_broken_line_is_answered_and_the_session_goes_on():
    pipe = echo()
    pipe.open()
    pipe.write("{", "", '{"jsonrpc":"2.0","id":1}')
    equal(pipe.read()["error"]["code"], -32700)
    equal(pipe.read()["error"]["code"], -32600)
    equal("alive" in pipe.call("echo", message="alive"), True)
    pipe.end()


@check
def the_last_line_needs_no_newline():
    pipe = echo()
    pipe.open()
    pipe.process.stdin.write(b'{"jsonrpc":"2.0","id":9,"method":"ping"}')
    pipe.process.stdin.close()
    equal(json.loads(pipe.process.stdout.readline())["id"], 9)
    equal(pipe.process.wait(10), 0, "exit status")


@check
def a_call_longer_than_the_idle_period_is_not_cut():
    pipe = echo("--session-timeout", "1")
    pipe.open()
    began = time.monotonic()
    equal("long" in pipe.call("echo", message="long", delay=2.5), True)
    equal(time.monotonic() - began > 2.4, True, "it took its time")
    equal(pipe.ask(1, "ping", {})["result"], {})
    pipe.end()


def slow(ident, seconds):
    return {"jsonrpc": "2.0", "id": ident, "method": "tools/call",
            "params": {"name": "echo", "arguments": {"message": "slow", "delay": seconds}}}


def cancelled(ident):
    return {"jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": {"requestId": ident, "reason": "enough"}}


def ping(ident):
    return {"jsonrpc": "2.0", "id": ident, "method": "ping"}


@check
def a_ping_is_answered_while_a_call_runs():
    pipe = echo()
    pipe.open()
    pipe.write(slow(1, 2))
    equal(pipe.ask("there?", "ping", {})["result"], {})
    pipe.write(slow(2, 0), ping(3))
    equal([pipe.read()["id"] for _ in range(3)], [3, 1, 2])
    pipe.end()


@check
def a_cancelled_call_is_stopped_and_not_answered():
    began = time.monotonic()
    pipe = echo()
    pipe.open()
    pipe.write(slow(1, 50), cancelled("1"), cancelled(2), ping(3), cancelled(1), slow(2, 0))
    equal([pipe.read()["id"] for _ in range(2)], [3, 2])
    pipe.write(slow(4, 50), ping(5))
    equal(pipe.read()["id"], 5, "the call runs")
    pipe.write(cancelled(4))
    equal("goes on" in pipe.call("echo", message="goes on"), True)
    equal(time.monotonic() - began < 40, True, "they were stopped")
    pipe.end()


@check
def a_call_under_way_is_answered_when_its_client_closes_the_pipe():
    pipe = echo()
    pipe.open()
    pipe.write(slow(1, 1))
    pipe.process.stdin.close()
    equal(pipe.read()["id"], 1)
    equal(pipe.process.wait(10), 0, "exit status")


@check
def before_initialize_a_client_is_told_what_to_do():
    pipe = echo()
    equal("initialize first" in pipe.ask(1, "ping", {})["error"]["message"], True)
    pipe.end()


@check
def the_small_host_counts_over_pipes():
    pipe = Pipe("stdio")
    pipe.open()
    equal([pipe.call("count") for _ in range(3)], ["1", "2", "3"])
    pipe.end()


run()

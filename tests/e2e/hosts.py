#!/usr/bin/env python3
"""The small hosts: each way to integrate serves the same life."""
import concurrent.futures
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import time

from mcp import Client, Process, check, equal, initialize, opened, program, run
from nodes import every_store


OVER_HTTP = ("by-hand", "poll-loop", "libevent-loop", "threads", "cxx")
EVERY = (*OVER_HTTP, "stdio")


class Host(Process):
    """One of the small hosts; most end by the signal."""

    ends_with = (0, -signal.SIGTERM)

    def __init__(self, name, *options, env=None):
        super().__init__([program(name), "--port", "{port}", *options], env)


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

def refused(name, *options, env=None):
    """What a program says that ends at once with status 2."""
    end = subprocess.run([program(name), *options], timeout=30, check=False, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, env=env or {})
    equal(end.returncode, 2, (name, options, env, end.stdout))
    return end.stdout


@check
def every_host_refuses_options_that_it_does_not_know_and_names_the_known():
    for name in EVERY:
        said = refused(name, "--sotre", "redis://x")
        equal("--sotre" in said and "--store URI" in said, True, said)
        equal("stray" in refused(name, "stray"), True)


@check
def every_host_refuses_wrong_values_wherever_they_come_from():
    for name in EVERY:
        for option, value in (("--port", "abc"), ("--port", "99999"), ("--port", "-1"),
                              ("--port", ""), ("--session-timeout", "soon"),
                              ("--session-timeout", "0")):
            equal(f'cannot be "{value}"' in refused(name, option, value), True, (name, option))
        equal("slash" in refused(name, "--path", "mcp"), True)
        equal("PORT" in refused(name, env={"PORT": "abc"}), True)
    equal("--listen" in refused("round-robin-lb", "--listen", "abc", "--backend", "h:1"), True)


@check
def every_host_has_help():
    for name in EVERY:
        said = subprocess.check_output([program(name), "--help"], text=True, timeout=30, env={})
        equal("--session-timeout SECONDS" in said and "MCP_SESSION_TIMEOUT" in said, True, said)


@check
def every_host_over_HTTP_has_the_path_the_name_and_the_address_it_is_told():
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize()})
    for name in OVER_HTTP:
        with Host(name, "--path", "/m", "--server-name=by-option", "--host", "localhost",
                  "--protocol-version", "2025-03-26", "--allow-host", "here.example.com",
                  env={"MCP_SERVER_NAME": "by-env", "MCP_SERVER_VERSION": "9.9"}) as host:
            headers = {"Content-Type": "application/json", "Host": "here.example.com"}
            equal(host.request("POST", "/mcp", body, headers).status, 404, name)
            result = host.request("POST", "/m", body, headers).json()["result"]
            equal(result["serverInfo"], {"name": "by-option", "version": "9.9"}, name)
            equal(result["protocolVersion"], "2025-03-26", name)
            equal(host.request("POST", "/m", body, {**headers, "Host": "localhost"}).status, 403)
            equal(host.said().strip(), f"http://localhost:{host.port}/m", name)


class Elsewhere(Host):
    """One at another address of the loopback."""

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.2", self.port, timeout=timeout)


@check
def every_host_over_HTTP_is_asked_by_the_address_of_the_loopback_that_it_prints():
    for name in OVER_HTTP:
        with Elsewhere(name, "--host", "127.0.0.2") as host:
            equal(host.said().strip(), f"http://127.0.0.2:{host.port}/mcp", name)
            opened(host)  # whose Host is that address
            equal(Client(host).ask("initialize", initialize(), Host="127.0.0.3").status, 403)
        with Elsewhere(name, "--host", "127.0.0.2", "--allow-host", "here.example.com") as host:
            equal(Client(host).ask("initialize", initialize()).status, 403, name)


def padded(length, body_length):
    """An initialize whose head and body are padded to so many bytes: the two of them."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": initialize()})
    body = body.ljust(body_length)
    start = ("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
             f"Content-Length: {len(body)}\r\nX-Long: ")
    return (start + "x" * (length - len(start) - 4) + "\r\n\r\n").encode(), body.encode()


def status_line(host, *pieces):
    """What comes for bytes as they are, cut off before the reason."""
    with socket.create_connection(("127.0.0.1", host.port), 30) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return connection.recv(12)


@check
def a_head_of_sixteen_KiB_is_read_and_no_longer_one_however_it_comes():
    for name in ("by-hand", "poll-loop", "cxx"):
        with Host(name) as host:
            for body_length in (0, 65536):
                start, body = padded(16384, body_length)
                equal(status_line(host, start + body), b"HTTP/1.1 200", name)
                equal(status_line(host, start[:-1], start[-1:] + body), b"HTTP/1.1 200", name)
            start, body = padded(16385, 0)
            equal(status_line(host, start + body), b"HTTP/1.1 431", name)
            equal(status_line(host, start[:-1]), b"HTTP/1.1 431", (name, "before its end"))


def memory(host):
    """The most that a process has had so far, in KiB."""
    with open(f"/proc/{host.process.pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith("VmHWM:")).split()[1])


@check
def a_head_without_an_end_is_cut_off_and_takes_no_memory():
    most = 64 << 20
    for name in OVER_HTTP:
        with Host(name) as host, contextlib.ExitStack() as stack:
            opened(host)
            before, sent = memory(host), 0
            endless = stack.enter_context(socket.create_connection(("127.0.0.1", host.port), 30))
            endless.sendall(b"POST /mcp HTTP/1.1\r\nX-Long: ")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                while sent < most:
                    sent += endless.send(b"x" * 65536)
            equal(sent < most, True, (name, "it is read for ever"))
            equal(memory(host) - before < 8192, True, (name, before, memory(host)))
            opened(host)


@check
def every_host_over_HTTP_ends_sessions_after_the_silence_it_is_told():
    with contextlib.ExitStack() as stack:
        told = [(("--session-timeout", "1"), None), ((), {"MCP_SESSION_TIMEOUT": "1"})]
        hosts = [stack.enter_context(Host(name, *options, env=env))
                 for name in OVER_HTTP for options, env in told]
        sessions = [opened(host).session for host in hosts]
        time.sleep(1.5)  # silence is what ends them
        for host, session in zip(hosts, sessions):
            client = Client(host)
            client.session = session
            equal(client.ask("ping").status, 404, host.command)


@every_store
def every_host_serves_a_whole_life_on_a_shared_store_at_once(make):
    with make() as store:
        for name in OVER_HTTP:
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

#!/usr/bin/env python3
"""echo-stateful against the least that libmicrohttpd needs, against the TypeScript SDK, and with
shared stores against itself with memory.

    over_http.py RELEASE_BUILD FOLDER_WITH_NODE_MODULES

They are loaded in turns, with the same message over the same connections; the first comparison has
all servers on one processor and the load generator on the others. What counts is the ratio of the
medians: CPU time per request is what a server costs, requests per second also depend on what else
the machine does.
"""
import contextlib
import glob
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import stores  # noqa: E402
from mcp import Client, Process, Server, equal, initialize  # noqa: E402

CONNECTIONS, TURNS, WARM, SECONDS, IDLE = (1, 16, 64), 5, 5, "2s", 10000


class Peer(Process):
    """Node.js ends by the signal."""

    ends_with = (-signal.SIGTERM,)


def cpu_seconds(server):
    total = 0
    for name in glob.glob(f"/proc/{server.process.pid}/task/*/schedstat"):
        with open(name, encoding="utf-8") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def processors(some):
    """What is started meanwhile runs on these."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, some or before)
    yield
    os.sched_setaffinity(0, before)


def load(server, connections, sessions, reference=False):
    """One turn: requests per second, and CPU seconds of the server per request."""
    before = cpu_seconds(server)
    run = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", "-s", os.path.join(HERE, "post.lua"),
         f"http://127.0.0.1:{server.port}/mcp"], stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "SESSIONS": sessions})
    result = [line for line in run.stdout.split("\n") if line.startswith("RESULT")][0].split()
    requests, microseconds, bad = map(int, result[1:])
    requests = max(requests, 1)
    # A reference may be late now and then on a busy machine; it then looks a little better.
    equal(bad <= (requests / 1000 if reference else 0), True, f"{bad} requests failed")
    return requests / microseconds * 1e6, (cpu_seconds(server) - before) / requests


def title(unit):
    print("%-52s %12s %12s %8s  %s" % (unit, "ours", "reference", "ratio", "goal"))


def line(name, ours, reference, goal):
    print("%-52s %12.1f %12.1f %8.3f  %s" % (name, ours, reference, ours / reference, goal),
          flush=True)


def begin_sessions(server, folder, count):
    """As many sessions, their ids in a file."""
    name = os.path.join(folder, str(server.port))
    client = Client(server)
    with open(name, "w", encoding="utf-8") as file:
        for _ in range(count):
            answer = client.ask("initialize", initialize())
            equal(answer.status, 200, answer.body)
            file.write(answer.session + "\n")
    client.connection.close()
    return name


def start_peer():
    packages = sys.argv[2]
    node = glob.glob(os.path.join(packages, "node_modules", "node-linux-*", "bin", "node"))[0]
    script = shutil.copy(os.path.join(HERE, "peer", "server.mjs"), packages)
    return Peer([node, script, "{port}"])


def speed(folder):
    hello = os.path.join(sys.argv[1], "tests", "bench", "mhd-hello")
    first, *others = sorted(os.sched_getaffinity(0))
    with contextlib.ExitStack() as stack:
        with processors({first}):
            servers = {name: stack.enter_context(server) for name, server in (
                ("ours", Server()), ("fresh", Process([hello, "{port}", "fresh", "1"])),
                ("jansson", Process([hello, "{port}", "jansson", "1"])), ("peer", start_peer()))}
        with processors(set(others)):
            compare(servers, folder)


def in_turns(servers, files, connections):
    """The medians of each server: requests per second, and CPU microseconds per request."""
    turns = {name: [] for name in servers}
    for _ in range(TURNS):
        for name, server in servers.items():
            turns[name].append(load(
                server, connections, files.get(name, files["ours"]), name != "ours"))
    return ({name: statistics.median(t[0] for t in turns[name]) for name in servers},
            {name: statistics.median(t[1] for t in turns[name]) * 1e6 for name in servers})


def warm(servers, files):
    """Node.js compiles what it runs often."""
    for name, server in servers.items():
        for _ in range(WARM if name == "peer" else 1):
            load(server, 16, files.get(name, files["ours"]), name != "ours")


def how_many(connections):
    return f", {connections} connection{'s' if connections > 1 else ''}"


def compare(servers, folder):
    files = {name: begin_sessions(servers[name], folder, 64) for name in ("ours", "peer")}
    title("tools/call in a session over HTTP")
    warm(servers, files)
    for connections in CONNECTIONS:
        rate, cpu = in_turns(servers, files, connections)
        many = how_many(connections)
        line("requests/s, to libmicrohttpd" + many, rate["ours"], rate["fresh"], ">= 0.85")
        line("requests/s, to it with jansson" + many, rate["ours"], rate["jansson"], ">= 1.8")
        line("CPU us/request, to libmicrohttpd" + many, cpu["ours"], cpu["fresh"], "<= 1.18")
        line("CPU us/request, to it with jansson" + many, cpu["ours"], cpu["jansson"], "<= 0.56")
        line("requests/CPU s, to TypeScript" + many, 1e6 / cpu["ours"], 1e6 / cpu["peer"],
             ">= 30")


def shared(folder):
    """Its sessions elsewhere, against its sessions in memory."""
    with contextlib.ExitStack() as stack:
        servers = {"ours": stack.enter_context(Server()), "peer": stack.enter_context(start_peer())}
        for name, make in stores.ALL.items():
            store = stack.enter_context(make())
            servers[name] = stack.enter_context(Server(*store.options))
        files = {name: begin_sessions(server, folder, 64) for name, server in servers.items()}
        title("tools/call in a session of a shared store")
        warm(servers, files)
        for connections in (1, 16):
            rate, cpu = in_turns(servers, files, connections)
            for name in stores.ALL:
                what = f", {name}{how_many(connections)}"
                line("requests/s, to memory" + what, rate[name], rate["ours"], "")
                line("requests/s, to TypeScript" + what, rate[name], rate["peer"], "")
                line("requests/CPU s, to TypeScript" + what, 1e6 / cpu[name],
                     1e6 / cpu["peer"], "")


def idle_sessions(folder):
    with Server() as server:
        begin_sessions(server, folder, 100)
        before = resident_bytes(server)
        begin_sessions(server, folder, IDLE)
        title("an idle session")
        line("bytes of RSS of the whole server", (resident_bytes(server) - before) / IDLE, 1024,
             "<= 1")


def main():
    with tempfile.TemporaryDirectory() as folder:
        speed(folder)
        shared(folder)
        idle_sessions(folder)


if __name__ == "__main__":
    main()

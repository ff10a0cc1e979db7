#!/usr/bin/env python3
"""mcpsess, the operator's tool: usage, figures and JSON; and on the sessions of a real server."""
import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

import stores
import driven  # pylint: disable=wrong-import-order
from mcp import VERSION, Server, check, equal, opened, program, run, until

SECRET = "hidden-value"


def call(*arguments, store="memory:", text=None, env=None):
    """Run it: exit status, standard output, standard error."""
    given = {"MCP_SESSION_STORE": store} if store else {}
    end = subprocess.run([program("mcpsess"), *arguments], timeout=120, check=False,
                         input=text or "", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, env={**sanitizers(), **given, **(env or {})})
    return end.returncode, end.stdout, end.stderr


def sanitizers():
    return {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}


def answer(*arguments, status=0, **options):
    found, out, err = call("--json", *arguments, **options)
    equal(found, status, (arguments, out, err))
    return json.loads(out)


class Watched:
    """A server on a shared store, and the tool on the same."""

    def __init__(self, shared):
        self.shared = shared
        self.modules = ["--module-dir", stores.module_dir(shared.name)]

    def call(self, *arguments, **options):
        return call(*self.modules, *arguments, store=self.shared.uri, **options)

    def answer(self, *arguments, **options):
        return answer(*self.modules, *arguments, store=self.shared.uri, **options)

    def list(self, *arguments):
        return self.answer("list", *arguments)["sessions"]


@contextlib.contextmanager
def each_store():
    with contextlib.ExitStack() as stack:
        yield [Watched(stack.enter_context(make())) for make in stores.ALL.values()]


@contextlib.contextmanager
def principals():
    with tempfile.NamedTemporaryFile("w", suffix=".tokens") as file:
        file.write("token-of-alice alice\ntoken-of-bob bob\n")
        file.flush()
        yield file.name


def bearer(name):
    return {"Authorization": f"Bearer token-of-{name}"}


# -- usage -------------------------------------------------------------------------------------


@check
def wrong_usage_is_exit_status_2_and_says_what_is_wrong():
    wrong = [([], "a command is missing; see mcpsess --help"), (["lits"], "lits"),
             (["list", "--values"], "--values"),
             (["list", "--limit", "0"], "--limit takes a number from 1 to 1000"),
             (["list", "--limit", "x"], "--limit"),
             (["list", "--tenant", "x"], "--tenant goes with --owner"),
             (["list", "a", "b"], "b"), (["list", "--nonsense"], "--nonsense"),
             (["list", "--owner"], "--owner"), (["list", "--all=1"], "--all"),
             (["show"], "show"), (["delete"], "delete"),
             (["delete", "x", "--owner", "y"], "delete"),
             (["exists", "x", "--id", "--ref"], "id or a ref"),
             (["stats", "--store", "memory:?max_sesions=1"], "max_sesions"),
             (["list", "--cursor", "x" * 80], "cursor")]
    for arguments, named in wrong:
        status, out, err = call(*arguments)
        equal(status, 2, (arguments, out, err))
        equal(named in err, True, (arguments, err))
        equal(out, "", arguments)
    equal(call("list", store=None)[0], 2, "no store")


@check
def names_may_begin_with_dashes():
    for name in ("-" + "a" * 42, "--" + "a" * 41, "-h" + "b" * 41):
        equal(answer("exists", name, status=1)["status"], "NOTFOUND")
        equal(answer("exists", "--", name, status=1)["status"], "NOTFOUND")
    equal(call("list", "--owner", "--odd")[0], 0)
    equal(call("list", "--owner=--odd", "--store=memory:", store=None)[0], 0)


@check
def help_and_version_are_for_reading():
    for arguments in (["--help"], ["list", "--help"], ["--version"]):
        status, out, err = call(*arguments, store=None)
        equal((status, err), (0, ""), arguments)
        equal("mcpsess" in out or "list" in out, True, out)


@check
def a_store_that_cannot_be_had_is_exit_status_3():
    equal(call("stats", "nosuch:")[0], 3, "no such scheme")
    folder = stores.module_dir("redis")
    for command in (["list"], ["stats"], ["exists", "a" * 30], ["monitor", "--count", "1"],
                    ["bench", "--seconds", "1"]):
        status, out, err = call(*command, "--module-dir", folder,
                                store="redis+unix:///no/such/socket")
        equal(status, 3, (command, out, err))
    equal(answer("stats", "--module-dir", folder, store="redis+unix:///no/such/socket",
                 status=3)["error"], "UNAVAILABLE")


# -- memory ------------------------------------------------------------------------------------


@check
def an_empty_store_has_figures_in_JSON():
    figures = answer("stats", "memory:", store=None)
    equal((figures["scheme"], figures["sessions"], figures["tombstones"]), ("memory", 0, 0))
    equal({"list", "limit", "threads"} <= set(figures["can"]), True, figures)
    equal(answer("list"), {"sessions": [], "next": None})
    equal(answer("exists", "a" * 30, status=1), {"exists": False, "status": "NOTFOUND"})
    equal(answer("show", "a" * 30, status=1)["error"], "NOTFOUND")
    equal(answer("delete", "a" * 30, status=1)["error"], "NOTFOUND")
    equal(answer("migrate"), {"migrated": False})


@check
def bench_gives_rates_and_percentiles():
    figures = answer("bench", "--seconds", "1", "--threads", "2")
    equal(figures["threads"], 2)
    for name in ("get+touch", "update", "create+delete"):
        one = figures[name]
        equal(one["errors"], 0, name)
        equal(one["per_second"] > 0, True, one)
        equal(one["p50_us"] <= one["p99_us"] <= one["max_us"], True, one)


@check
def check_is_the_conformance_kit():
    verdict = answer("check", "--only", "blocking/", "memory:?idle=5s", store=None)
    equal((verdict["failed"], verdict["status"]), (0, "ok"), verdict)
    equal(verdict["passed"] > 20, True, verdict)
    status, out, _ = call("check", "--only", "blocking/o")
    equal((status, out.rstrip().split("\n")[-1].endswith("0 failed")), (0, True), out)
    equal(call("check", "--only", "no-such-case")[0], 2)


@check
def monitor_writes_a_line_for_each_look_where_nobody_watches():
    status, out, _ = call("--json", "monitor", "--count", "2", "--interval", "1")
    lines = [json.loads(line) for line in out.strip().split("\n")]
    equal((status, len(lines)), (0, 2), out)
    equal("created_per_second" in lines[0], False, "a first look compares with nothing")
    equal(lines[1]["created_per_second"], 0.0)
    equal("\033" in call("monitor", "--count", "1")[1], False, "nothing is drawn")


@check
def monitor_says_why_a_look_failed():
    for options in ([], ["--json"]):
        status, out, _ = call(*options, "monitor", "--count", "1", "--module-dir",
                              stores.module_dir("redis"), store="redis://127.0.0.1:1")
        text = json.loads(out)["text"] if options else re.search(' text="(.*)"$', out.strip())[1]
        equal((status, "cannot be connected to" in text), (3, True), out)


# -- sessions of a server ----------------------------------------------------------------------


@check
def list_shows_live_sessions_of_all_or_of_an_owner_page_by_page():
    with each_store() as watched, principals() as tokens:
        for tool in watched:
            with Server(*tool.shared.options, "--auth-token", tokens) as server:
                for name in ("alice", "alice", "alice", "bob"):
                    opened(server, **bearer(name)).call("echo", message="x")
                equal(len(tool.list()), 4)
                equal(len(tool.list("--owner", "alice")), 3)
                equal(len(tool.list("--owner", "carol")), 0)
                equal(len(tool.list("--owner", "alice", "--tenant", "other")), 0)
                row = tool.list("--owner", "bob")[0]
                equal((row["state"], row["kind"], row["requests"]), ("active", "session", 1))
                equal(row["bytes"] > 0 and row["expires_ms"] > row["created_ms"], True, row)
                refs, cursor = [], []
                while cursor is not None:
                    page = tool.answer("list", "--limit", "1", *cursor)
                    refs += [s["ref"] for s in page["sessions"]]
                    cursor = page["next"] and ["--cursor", page["next"]]
                equal(sorted(refs), sorted(s["ref"] for s in tool.list("--all")))
                equal(len(set(refs)), 4)


@check
def a_cursor_can_be_pasted_into_a_shell():
    with each_store() as watched:
        for tool in watched:
            with Server(*tool.shared.options) as server:
                for _ in range(2):
                    opened(server)
                cursor = tool.answer("list", "--limit", "1")["next"]
                equal(re.fullmatch("[A-Za-z0-9_-]+", cursor) is not None, True, cursor)
                _, _, told = tool.call("list", "--limit", "1")
                pasted = told.rstrip("\n").split("--cursor ")[1]
                words = subprocess.run(["sh", "-c", "printf '%s\\n' " + pasted], check=True,
                                       stdout=subprocess.PIPE, text=True).stdout
                equal((words, pasted), (cursor + "\n", f"'{cursor}'"), "in quotes, whatever it is")


@check
def show_decodes_a_session_and_hides_its_values_and_its_id():
    with each_store() as watched:
        for tool in watched:
            with Server(*tool.shared.options) as server:
                client = opened(server)
                client.call("set_session_data", key="k", value=SECRET)
                ref = tool.list()[0]["ref"]
                for name, text in ((ref, None), (ref[:8], None), (client.session, None),
                                   ("-", client.session + "\n")):
                    found = tool.answer("show", name, text=text)
                    equal((found["ref"], found["client_info"]["name"]), (ref, "check"))
                    equal(found["protocol_version"], VERSION)
                    equal(found["data"], [{"key": "k", "bytes": len(SECRET) + 2}])
                status, out, err = tool.call("show", client.session)
                equal(status, 0, err)
                equal(client.session in out + err or SECRET in out, False, out + err)
                equal(SECRET in tool.call("show", "--values", ref)[1], True)
                before = tool.list()[0]["expires_ms"]
                tool.call("show", ref)
                equal(tool.list()[0]["expires_ms"], before, "it was not touched")


@check
def an_id_is_never_sent_to_the_store():
    with stores.open_redis() as shared:
        tool = Watched(shared)
        with Server(*shared.options) as server:
            client = opened(server)
            commands = shared.server.client()
            commands("config", "set", "slowlog-log-slower-than", 0)
            commands("slowlog", "reset")
            tool.answer("show", client.session)
            tool.answer("exists", client.session)
            equal(client.session.encode() in repr(commands("slowlog", "get", -1)).encode(), False)
            commands.close()


@check
def delete_ends_one_session_or_all_of_an_owner():
    with each_store() as watched, principals() as tokens:
        for tool in watched:
            with Server(*tool.shared.options, "--auth-token", tokens) as server:
                clients = [opened(server, **bearer(n)) for n in ("alice", "alice", "bob", "bob")]
                equal(tool.answer("delete", clients[0].session), {"deleted": True})
                equal(tool.answer("exists", clients[0].session, status=1)["exists"], False)
                equal(clients[0].ask("ping").status, 404)
                equal(tool.answer("exists", clients[1].session)["exists"], True)
                equal(tool.call("delete", clients[0].session)[0], 1, "once more")
                if "end-owner" in tool.answer("stats")["can"]:
                    tool.answer("delete", "--owner", "bob")
                    equal([c.ask("ping").status for c in clients], [404, 200, 404, 404])
                    equal(len(tool.list()), 1)
                else:
                    status, _, err = tool.call("delete", "--owner", "bob")
                    equal((status, "all of an owner" in err), (1, True), err)


@check
def monitor_sees_sessions_come_and_requests_rise():
    with each_store() as watched:
        for tool in watched:
            with Server(*tool.shared.options) as server:
                command = [program("mcpsess"), "--json", *tool.shared.options, "monitor",
                           "--interval", "1"]
                opened(server)
                with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                      env=sanitizers()) as monitor:
                    equal(json.loads(monitor.stdout.readline())["sessions"], 1)
                    client = opened(server)
                    client.call("echo", message="x")
                    seen = []
                    until(lambda: seen.append(json.loads(monitor.stdout.readline())) or
                          seen[-1].get("sessions") == 2, 20)
                    equal(seen[-1]["created_per_second"] > 0, True, seen)
                    monitor.send_signal(signal.SIGTERM)
                    equal(monitor.wait(20), 0)


@check
def monitor_says_what_it_estimates_of_more_than_it_reads():
    with stores.open_redis() as shared, driven.Store(
            os.path.abspath(sys.argv[1]), shared.uri) as store:
        tool = Watched(shared)
        for i in range(20500):
            store(f"create {i} x")
        bytes_held = tool.answer("stats")["bytes"]
        with subprocess.Popen([program("mcpsess"), *shared.options, "--json", "monitor", "--count",
                               "2", "--interval", "2"], stdout=subprocess.PIPE, text=True,
                              env=sanitizers()) as monitor:
            first = json.loads(monitor.stdout.readline())
            for i in range(300):
                store(f"delete {i}")
            second = json.loads(monitor.stdout.readline())
        equal((first["sessions"], first["active"], first["partial"]), (20500, 20000, True))
        equal(first["bytes"], bytes_held)
        equal(second["created_per_second"], 0, second)
        equal(0 < second["ended_per_second"] <= 150, True, second)
        equal(" active>=20000 " in tool.call("monitor", "--count", "1")[1], True)


class Terminal:
    """A program in a terminal of some size: what it writes, keys, and how it leaves it."""

    def __init__(self, command, rows=24, columns=80):
        self.outside, self.inside = pty.openpty()
        os.set_blocking(self.outside, False)
        self.before, self.text = termios.tcgetattr(self.inside), ""
        self.resize(rows, columns)
        self.process = subprocess.Popen(command, stdin=self.inside, stdout=self.inside,
                                        env={**sanitizers(), "TERM": "xterm"})

    def resize(self, rows, columns):
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.inside, termios.TIOCSWINSZ, size)

    def read(self):
        with contextlib.suppress(BlockingIOError):
            self.text += os.read(self.outside, 1 << 16).decode()
        return self.text

    def frames(self):
        """The pages that were drawn whole, without what moves the cursor."""
        whole = self.read().split("\033[J")[:-1]
        return [re.sub(r"\033\[[?0-9]*[A-Za-z]", "", page).replace("\r", "") for page in whole]

    def next_frame(self, does):
        seen = len(self.frames())
        does()
        until(lambda: len(self.frames()) > seen)
        return self.frames()[-1]

    def press(self, key):
        os.write(self.outside, key.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.outside)
        os.close(self.inside)


@check
def monitor_draws_on_a_terminal_hears_keys_and_leaves_it_as_it_was():
    with each_store() as watched:
        for tool in watched:
            command = [program("mcpsess"), *tool.shared.options, "monitor", "--interval", "600"]
            with contextlib.ExitStack() as stack:
                server = stack.enter_context(Server(*tool.shared.options))
                opened(server).delete()  # which has the tables made
                terminal = stack.enter_context(Terminal(command))
                until(terminal.frames)
                begun = time.monotonic()
                equal("sessions 0 (" in terminal.frames()[0], True, terminal.text)
                clients = [opened(server) for _ in range(20)]
                for client in clients:
                    client.call("echo", message="x")
                time.sleep(max(0, begun + 1 - time.monotonic()))
                page = terminal.next_frame(lambda: terminal.press(" "))
                passed = time.monotonic() - begun
                equal("sessions 20 (20 active" in page, True, page)
                created, requests = (float(re.search(rf"([0-9.]+) {what}", page)[1])
                                     for what in ("created", "requests"))
                equal(0.7 < created * passed / 20 < 1.4, True, (page, passed))
                equal(created, requests, "one request of each")
                equal(len(page.splitlines()), 6 + 16, page)

                terminal.resize(12, 60)
                page = terminal.next_frame(lambda: terminal.process.send_signal(signal.SIGWINCH))
                equal(len(page.splitlines()), 6 + 4, page)

                tool.shared.server.kill()
                page = terminal.next_frame(lambda: terminal.press(" "))
                equal("sessions 20 (20 active" in page, True, page)
                equal("1 errors, the last:" in page, True, page)
                terminal.press("q")
                equal(terminal.process.wait(20), 3, "the store is away")
                equal(terminal.read().startswith("\033[?1049h"), True, "a page of its own")
                equal(terminal.read().endswith("\033[?1049l"), True, "which it leaves")
                equal(termios.tcgetattr(terminal.inside), terminal.before, "settings")


@check
def stats_bench_and_check_leave_the_sessions_of_others_alone():
    with each_store() as watched:
        for tool in watched:
            with Server(*tool.shared.options) as server:
                client = opened(server)
                equal(tool.answer("stats")["sessions"], 1)
                tool.answer("bench", "--seconds", "1")
                verdict = tool.answer("check", "--only", "blocking/o", "--fast")
                equal(verdict["failed"], 0, verdict)
                equal(verdict["passed"] > 0, True, verdict)
                equal(tool.answer("stats")["sessions"], 1)
                equal(client.ask("ping").status, 200)


def schemas_of_checks(shared):
    return shared.server("select count(*) from pg_namespace where nspname like 'mcpsess_check%'")


@check
def check_leaves_nothing_behind():
    with stores.open_postgres(schema="mine") as shared:
        tool = Watched(shared)
        equal(tool.answer("check", "--only", "blocking/o", "--fast")["failed"], 0)
        equal(schemas_of_checks(shared), "0", "when it is over")
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([program("mcpsess"), *tool.modules, "check", shared.uri],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as ended:
                until(lambda: schemas_of_checks(shared) == "1")
                ended.send_signal(number)
                equal(ended.wait(30), 1)
            equal(schemas_of_checks(shared), "0", "when it was ended")
        equal(tool.call("stats")[0], 3, "others have no schema by this")


@check
def check_says_why_a_store_cannot_be_used():
    status, out, err = call("check", "--module-dir", stores.module_dir("redis"),
                            store="redis://127.0.0.1:1")
    equal((status, "cannot be connected to" in err, out), (3, True, ""), err)
    with stores.open_postgres() as shared:
        shared.server("create role reader login")
        tool = Watched(shared)
        uri = shared.uri.replace("//mcp@", "//reader@")
        verdict = tool.answer("check", uri, status=3)
        equal("permission denied" in verdict["text"], True, verdict)


@check
def migrate_print_says_what_is_wrong_with_the_URI():
    status, out, err = call("migrate", "--print", "postgresql://127.0.0.1:1/none?schema=A-b",
                            "--module-dir", stores.module_dir("postgres"), store=None,
                            env={"PATH": stores.module_dir("postgres")})
    equal((status, out), (2, ""), err)
    equal("schema=A-b: at most 40 letters, digits and _" in err, True, err)
    equal("Usage" in err, False, err)


@check
def migrate_prints_the_schema_or_creates_it():
    with stores.open_postgres(**{"s%63hema": "m%69ne"}) as shared:
        tool = Watched(shared)
        status, _, err = tool.call("stats")
        equal((status, "migrate" in err), (3, True), err)
        status, steps, err = tool.call("migrate", "--print",
                                       env={"PATH": stores.module_dir("postgres")})
        equal(status, 0, err)
        equal(tool.call("stats")[0], 3, "it was only printed")
        shared.server(steps)
        equal(tool.answer("stats")["sessions"], 0, "made by hand")
        shared.server(steps)
        equal(tool.answer("stats")["sessions"], 0, "once more")
        shared.server("update mine.meta set version = 1")
        equal(tool.call("stats")[0], 3, "it is older now")
        shared.server(steps)
        equal(tool.answer("stats")["sessions"], 0, "brought up to date by hand")
    with stores.open_postgres(schema="mine") as shared:
        tool = Watched(shared)
        equal(tool.answer("migrate"), {"migrated": True})
        equal(tool.answer("migrate"), {"migrated": True}, "once more")
        equal(tool.answer("stats")["sessions"], 0)


run()

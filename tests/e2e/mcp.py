"""What the end-to-end checks share: a server of our own, a client, and checks that are counted.

A script is run with the build folder as its argument. It decorates functions with @check and
ends with run(); each prints "ok NAME", or why not and "FAIL NAME".
"""
import contextlib
import glob
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

VERSION = "2025-06-18"
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def run():
    failed = False
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print("ok", name, flush=True)
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc(file=sys.stdout)
            print("FAIL", name, flush=True)
            failed = True
    sys.exit(1 if failed else 0)


def equal(found, wanted, about=""):
    if found != wanted:
        raise AssertionError(f"{about or 'found'}: {found!r}, not {wanted!r}")


def program(name):
    """The path of an example in the build folder."""
    found = [p for p in glob.glob(os.path.join(sys.argv[1], "examples", "**", name), recursive=True)
             if os.path.isfile(p)]
    if not found:
        raise AssertionError(f"{name} is not in {sys.argv[1]}")
    return found[0]


def node_js(packages):
    """The Node.js that came with a folder of npm packages."""
    return glob.glob(os.path.join(packages, "node_modules", "node-linux-*", "bin", "node"))[0]


def until(what, seconds=10):
    """Poll for a condition; an error when it does not come true in time."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("it did not come true in time")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    """Status, headers in lower case, body; json() reads JSON and SSE alike."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def session(self):
        return self.headers.get("mcp-session-id")

    def json(self):
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            data = [l[5:].strip() for l in self.body.decode().split("\n") if l.startswith("data:")]
            return json.loads([d for d in data if d][-1])
        return json.loads(self.body)

    def same(self):
        """What must not differ between two refusals: all but the date."""
        return self.status, {k: v for k, v in self.headers.items() if k != "date"}, self.body


class Process:
    """A program that serves on a free port of the loopback, which its command names {port}."""

    ends_with = (0,)

    def __init__(self, command, env=None):
        self.port = free_port()
        self.log = tempfile.TemporaryFile()
        self.command = [part.format(port=self.port) for part in command]
        sanitizers = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
        self.env = {**sanitizers, **(env or {})}
        self.process = None
        self.start()

    def start(self):
        """Begin, or begin anew at the same port."""
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, env=self.env)
        until(self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"it ended at its start:\n{self.said()}")
        try:
            return self.ready()
        except OSError:
            return False

    def ready(self):
        with contextlib.closing(self.connect()) as connection:
            connection.connect()
        return True

    def said(self):
        log = self.log.fileno()  # whose position is the process's too: left where it is
        return os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path="/mcp", body=None, headers=None):
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())

    def stop(self):
        """End it by SIGTERM; an error when it ends otherwise than it should."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        if status not in self.ends_with:
            raise AssertionError(f"it ended with {status}:\n{self.said()}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.stop()
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if kind is not None:
                print(self.said())


class Server(Process):
    """echo-stateful."""

    def __init__(self, *options, env=None):
        super().__init__([program("echo-stateful"), "--port", "{port}", *options], env)

    def ready(self):
        return self.request("GET", "/health").status == 200

    def metric(self, name):
        """The value of a metric; 0 where the line is absent."""
        for line in self.request("GET", "/metrics").body.decode().split("\n"):
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0

    def sessions(self):
        return self.metric("mcpsess_sessions_active")


class Client:
    """One client with one connection and, after initialize, one session."""

    def __init__(self, server, **headers):
        self.connection = server.connect()
        self.session = None
        self.next_id = 0
        self.headers = {"Content-Type": "application/json",
                        "Accept": "application/json, text/event-stream",
                        **{name.replace("_", "-"): value for name, value in headers.items()}}

    def send(self, method, body=None, **headers):
        """One exchange; a header given as None is left out."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        sent = {**self.headers, "Mcp-Session-Id": self.session,
                **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.connection.request(method, "/mcp", body,
                                {name: value for name, value in sent.items() if value is not None})
        return Answer(self.connection.getresponse())

    def ask(self, method, params=None, **headers):
        """A request with an id of its own: the HTTP answer."""
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method}
        if params is not None:
            message["params"] = params
        return self.send("POST", message, **headers)

    def notify(self, method):
        return self.send("POST", {"jsonrpc": "2.0", "method": method})

    def result(self, method, params=None):
        answer = self.ask(method, params)
        reply = answer.json()
        equal(answer.status, 200, answer.body)
        equal(reply.get("id"), self.next_id, "id")
        if "result" not in reply:
            raise AssertionError(f"an error came: {reply}")
        return reply["result"]

    def initialize(self, version=VERSION):
        answer = self.ask("initialize", initialize(version))
        equal(answer.status, 200, answer.body)
        self.session = answer.session
        equal(self.notify("notifications/initialized").status, 202, "initialized")
        return answer.json()["result"]

    def call(self, tool, **arguments):
        """Call a tool: the text of its answer."""
        result = self.result("tools/call", {"name": tool, "arguments": arguments})
        if result.get("isError"):
            raise AssertionError(f"the tool failed: {result}")
        return result["content"][0]["text"]

    def info(self):
        return json.loads(self.call("get_session_info"))

    def delete(self):
        return self.send("DELETE")


def initialize(version=VERSION):
    """The parameters of initialize."""
    return {"protocolVersion": version, "capabilities": {},
            "clientInfo": {"name": "check", "version": "1"}}


def opened(server, **headers):
    """A client with a session."""
    client = Client(server, **headers)
    client.initialize()
    return client

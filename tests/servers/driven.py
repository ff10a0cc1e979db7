"""What scripts that break servers share: a driven store, and verdicts by the line."""
import ctypes
import os
import subprocess
import sys
import time

FAILED = []
SEAL_KEYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance",
                         "seal-keys")
# The URI parameters of every store behind a network.
COMMON = ("idle absolute tombstone touch_every max_sessions max_sessions_per_owner connect_timeout "
          "timeout probe_every password_env password_file seal_keys_file").split()


def modules(build, uri):
    """The folder of the module that serves a URI."""
    return os.path.join(build, "backends", "redis" if uri.startswith("redis") else "postgres")


class Answer:
    """What a verb answered."""

    def __init__(self, line):
        parts = (line.rstrip("\n").split("\t") + [""] * 5)[:5]
        self.status, self.payload, self.text = parts[0], parts[3], parts[4]
        self.revision, self.ms = int(parts[1] or 0), float(parts[2] or 0)

    def __repr__(self):
        return f"{self.status} revision {self.revision} in {self.ms} ms: {self.text}"


class Store:
    """A store in a process of its own."""

    def __init__(self, build, uri, **environment):
        self.process = subprocess.Popen(
            [os.path.join(build, "tests/servers/store-drive"), modules(build, uri), uri],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **environment})
        self.opened = self.process.stdout.readline().rstrip("\n")

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def __call__(self, line):
        self.say(line)
        return self.hear()

    def hear(self):
        return Answer(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(store, line, status="ok", seconds=10):
    """Repeat a verb until it comes out right; the seconds that took."""
    start = time.monotonic()
    answer = store(line)
    while answer.status != status and time.monotonic() < start + seconds:
        time.sleep(0.02)
        answer = store(line)
    return time.monotonic() - start, answer


def declared(build, uri):
    """The URI parameters of its own that the backend of a URI declares."""
    name = "redis" if uri.startswith("redis") else "postgres"

    class Backend(ctypes.Structure):
        """The beginning of struct mcpsess_backend."""
        _fields_ = [("abi", ctypes.c_uint32), ("size", ctypes.c_uint32), ("name", ctypes.c_char_p),
                    ("schemes", ctypes.c_char_p), ("parameters", ctypes.c_char_p)]

    module = ctypes.CDLL(os.path.join(modules(build, uri), f"mcpsess-{name}.so"))
    return Backend.in_dll(module, "mcpsess_backend_" + name).parameters.decode().split()


def misspelt_parameters(build, uri):
    """Each parameter with a letter too many: it is meant, and words are whole."""
    own = declared(build, uri)
    for right in own + COMMON:
        wrong = right + right[-1]
        with Store(build, f"{uri}?{wrong}=1") as store:
            head, _, known = store.opened.split("\t")[-1].partition(" known are ")
        known, more, _ = known.partition(", and more: see the README")
        words = known.split(" ")
        check(f"{wrong}= is refused: {right}= is meant",
              head == f'parameter "{wrong}" is unknown, did you mean {right}?', store.opened)
        check(f"the known ones are told with it, the backend's first, and none is cut: {wrong}",
              len(words) > 3 and words == (own + COMMON)[:len(words)] and
              (more or len(words) == len(own + COMMON)), store.opened)
    return own, words


def check(name, good, what=""):
    if good:
        print(f"ok {name}", flush=True)
    else:
        print(f"FAIL {name}: {what}", flush=True)
        FAILED.append(name)


def kit_command(build, uri, *options):
    return [os.path.join(build, "tests/conformance/mcpsess-conformance"), "--module-dir",
            modules(build, uri), *options, uri]


def run_kits(build, stores):
    """The kit on each of {name: uri or (uri, option...)}, all at once: they mostly wait."""
    runs = {}
    for name, uri in stores.items():
        uri, *options = (uri,) if isinstance(uri, str) else uri
        runs[name] = subprocess.Popen(kit_command(build, uri, *options), stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
    for name, run in runs.items():
        out = run.communicate()[0]
        bad = [line for line in out.split("\n") if line.startswith("FAIL")]
        last = out.rstrip("\n").split("\n")[-1]
        check(f"kit on {name}", run.returncode == 0 and last.endswith(" 0 failed"),
              "; ".join(bad[:20]) or last)


def round_trips(build, proxy, uri, *more):
    """Each verb, and what more there is, through a proxy, which counts."""
    with Store(build, uri) as store:
        check("a store that is not used does not connect", proxy.connections == 0,
              proxy.connections)
        store("ping")
        check("and then it connects once", proxy.connections == 1, proxy.connections)
        store.say("as alice")
        for line in ("create a one", "get a", "touch a", "exists a", "update a 1 two", "list",
                     "rotate a b", "once t", "ping", "delete b", "end_owner", "get b", *more):
            proxy.reset()
            answer = store(line)
            check(f"{line} is one round trip and one write", (proxy.turns, proxy.sends) == (1, 1),
                  f"{proxy.turns} round trips, {proxy.sends} writes: {answer}")
        check("on one connection", proxy.connections == 1, proxy.connections)


def end():
    sys.exit(1 if FAILED else 0)

"""Pods at work on a store while it breaks, and what became of what they did."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", room) for room in ("servers", "histories")]
import journal  # noqa: E402  # pylint: disable=wrong-import-position
import promises  # noqa: E402  # pylint: disable=wrong-import-position
import checker  # noqa: E402  # pylint: disable=wrong-import-position
import history as histories  # noqa: E402  # pylint: disable=wrong-import-position
from driven import modules  # noqa: E402  # pylint: disable=wrong-import-position

CLIENTS = 2          # of each pod
STEPS = 300000       # more than a client can do here
SLACK_MS = 400       # what a busy machine may add
READS = (journal.GET, journal.EXISTS)
DECIDED = (promises.OWNER, promises.TYPED)  # promises that no failover lifts


def settings(timeout_ms):
    """A record outlives every outage, so that what is lost can be told from what has expired."""
    return {**histories.SETTINGS, "idle": "20s", "timeout": f"{timeout_ms}ms",
            "connect_timeout": f"{timeout_ms}ms", "probe_every": "200ms"}


class Pod:
    """A process with clients of its own."""

    def __init__(self, pods, first, environment):
        self.first = first
        self.process = subprocess.Popen(
            [os.path.join(pods.build, "tests/histories/history-worker"), "--seed", str(pods.seed),
             "--clients", str(CLIENTS), "--first", str(first), "--steps", str(STEPS),
             "--rest", "1", "--module-dir", modules(pods.build, pods.uri), pods.uri, pods.journals],
            stdin=subprocess.DEVNULL, stderr=pods.complaints, env={**os.environ, **environment})

    def kill(self):
        self.process.kill()
        self.process.wait()


class Pods:
    """Some that work on the same records; each of them writes down what it does."""
    seeds = 0

    def __init__(self, build, uri):
        Pods.seeds += 1
        self.build, self.uri, self.seed = build, uri, os.getpid() % 100000 * 1000 + Pods.seeds
        # Not on a disk: what it does with a page must not count as a call's time.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="mcpsess-pods-", dir=memory)
        self.journals = os.path.join(self.folder, "journal")
        self.complaints = open(os.path.join(self.folder, "complaints"), "w+", encoding="utf-8",
                               errors="replace")
        self.all = []

    def start(self, **environment):
        pod = Pod(self, len(self.all) * CLIENTS, environment)
        self.all.append(pod)
        return pod

    def end(self):
        """Whether all of them ended in good order or were killed by us."""
        for pod in self.all:
            if pod.process.poll() is None:
                pod.process.send_signal(signal.SIGTERM)
        return [pod.process.wait(20) for pod in self.all]

    def history(self):
        return journal.read(self.journals)

    def settle(self, seconds):
        """Until the last thing that each client heard is no failure."""
        end = time.monotonic() + seconds
        while not self.are_well() and time.monotonic() < end:
            time.sleep(0.2)

    def are_well(self):
        alive = {pod.first + i for pod in self.all for i in range(CLIENTS)
                 if pod.process.poll() is None}
        last = {o.client: o.status for o in self.history().operations if o.heard}
        return all(last.get(c, promises.FAILED[0]) not in promises.FAILED for c in alive)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pod in self.all:
            if pod.process.poll() is None:
                pod.kill()
        self.complaints.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def complained(self):
        """What they said of failures, each once."""
        self.complaints.seek(0)
        return sorted(set(self.complaints.read().splitlines()))


class Outcome:
    """What a history says of a fault that lasted from begin to end, in nanoseconds."""

    def __init__(self, history, begin, end):
        self.operations = history.operations
        self.begin, self.end = begin, end
        self.stalled_ms = 0
        self.during = [o for o in self.operations if o.heard and o.heard >= begin]
        self.failures = [o for o in self.during if o.status in promises.FAILED]
        self.violations = checker.check(history)
        self.lost = {id(o): o for v in self.violations for o in v.lost}
        self.acknowledged = sum(o.status == "OK" and o.token != 0 for o in self.operations)

    def seen(self):
        """{failure: how many}."""
        return {name: sum(o.status == name for o in self.failures) for name in promises.FAILED}

    def slowest_ms(self, excused=()):
        return max((o.heard - o.begin for o in self.during if o.client not in excused),
                   default=0) / 1e6

    def mistyped(self):
        """Reads never leave it open whether they happened."""
        return [o for o in self.failures if o.verb in READS and o.status == "UNKNOWN"] + \
            [v for v in self.violations if v.promise in DECIDED]

    def back_ms(self):
        """How long after its end the last of the clients was served again; None: one was not."""
        latest = self.end
        for client in {o.client for o in self.failures}:
            served = [o.heard for o in self.during if o.client == client and
                      o.heard >= self.end and o.status not in promises.FAILED]
            if not served:
                return None
            latest = max(latest, min(served))
        return (latest - self.end) / 1e6


class Stalls:
    """How long this machine kept a process waiting that wanted to run."""

    def __init__(self):
        self.most_ms, self.over = 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        before = now_ns()
        while not self.over.wait(0.01):
            self.most_ms = max(self.most_ms, (now_ns() - before) / 1e6 - 10)
            before = now_ns()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

"""Histories: workers on one store write every operation down, and a checker judges all of it.

    import history
    with redis.Server() as server:
        result = history.run(build, server.unix(**history.SETTINGS), steps=25000)
        for violation in result.violations:
            print(violation)

A fault happens in the middle of one: a context manager, entered after `lead` seconds, left after
`hold` seconds, and `rest` seconds later the workers are told to end:

    result = history.run(build, uri, fault=stopped(server), lead=1, hold=2, rest=3)

A generator with @contextlib.contextmanager does. A fault that is a callable is given the Run and
returns a context manager: its .workers are the processes, to stop or to kill. A worker that is
killed leaves its journal, with its last operation unknown.

What comes back:

    result.history       the operations (journal.py); result.operations how many
    result.counts        {(verb, status): how many}
    result.by_status     {status: how many}
    result.violations    broken promises, each with a text, .promise and .operations
    result.lost          acknowledged writes of which the store knows nothing any more
    result.recovery      seconds from the end of the fault until every client had had a success;
                         None: one had none
    result.longest       seconds that the slowest operation took
    result.failed        what workers that ended badly had to say
    result.kept          with keep=True, and a promise broken: the folder of the journals
    result.said          texts of UNAVAILABLE and UNKNOWN, without most repetitions
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "servers"))
sys.path.insert(0, HERE)
import checker  # noqa: E402  # pylint: disable=wrong-import-position
import journal  # noqa: E402  # pylint: disable=wrong-import-position
import promises  # noqa: E402  # pylint: disable=wrong-import-position
import postgres  # noqa: E402,F401  # pylint: disable=wrong-import-position,unused-import
from proxy import Proxy  # noqa: E402,F401  # pylint: disable=wrong-import-position,unused-import
from driven import modules  # noqa: E402  # pylint: disable=wrong-import-position
import redis  # noqa: E402,F401  # pylint: disable=wrong-import-position,unused-import

# Short, so that all of it is met within seconds.
SETTINGS = {"idle": "400ms", "absolute": "5s", "tombstone": "60ms", "touch_every": "20ms"}


class Run:
    """Workers under way."""

    def __init__(self, folder, workers):
        self.folder, self.workers = folder, workers
        self.fault_end = None  # seconds of the workers' clock

    def tell_to_end(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.terminate()


class Result:
    """What a history came to."""

    def __init__(self, run, history):
        self.history = history
        self.operations = len(history.operations)
        self.counts = history.counts()
        self.by_status = {}
        for (_, status), count in self.counts.items():
            self.by_status[status] = self.by_status.get(status, 0) + count
        self.violations = checker.check(history)
        self.lost = len({id(o) for v in self.violations for o in v.lost})
        ends = [o.end - o.begin for o in history.operations if o.end != journal.EVER]
        self.longest = max(ends, default=0) / 1e9
        self.recovery = recovery(history, run.fault_end)
        self.failed = self.said = []
        self.kept = None


def recovery(history, fault_end):
    if fault_end is None:
        return None
    first = {}
    for one in history.operations:
        first.setdefault(one.client, None)
        if one.status not in promises.FAILED and one.end >= fault_end * 1e9:
            end = first[one.client]
            first[one.client] = one.end if end is None else min(one.end, end)
    if None in first.values() or not first:
        return None
    return max(first.values()) / 1e9 - fault_end


def begin(build, uri, folder, workers=4, clients=1, steps=25000, seconds=3600, seed=1,
          pretend=False):
    """Workers with so many clients each; steps and seconds at most; uri: a list, in turns."""
    uris = [uri] if isinstance(uri, str) else uri
    command = [os.path.join(build, "tests/histories/history-worker"), "--seed", str(seed),
               "--clients", str(clients), "--steps", str(steps), "--seconds", str(seconds),
               "--module-dir", modules(build, uris[0]), *(["--pretend"] if pretend else [])]
    return Run(folder, [subprocess.Popen(
        [*command, "--first", str(i * clients), uris[i % len(uris)],
         os.path.join(folder, "journal")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for i in range(workers)])


def hurt(one, fault, lead, hold, rest):
    """Wait, break, wait, mend, wait."""
    time.sleep(lead)
    with fault if hasattr(fault, "__enter__") else fault(one):
        time.sleep(hold)
    one.fault_end = time.monotonic()
    time.sleep(rest)
    one.tell_to_end()


def run(build, uri, fault=None, lead=1, hold=1, rest=2, keep=False, **options):
    """A history; options as of begin(). keep: the journals, where promises were broken."""
    with tempfile.TemporaryDirectory(prefix="mcpsess-history-") as folder:
        if fault is not None:
            options.setdefault("steps", 1000000)
        one = begin(build, uri, folder, **options)
        try:
            if fault is not None:
                hurt(one, fault, lead, hold, rest)
        finally:
            if fault is not None:
                one.tell_to_end()
            words = [(w.communicate()[1], w.returncode) for w in one.workers]
        result = Result(one, journal.read(os.path.join(folder, "journal")))
        if result.violations and keep:
            result.kept = os.path.join(build, "histories", str(time.time_ns()))
            shutil.copytree(folder, result.kept)
        result.failed = [f"status {status}: {text.strip()}" for text, status in words
                         if status > 0]
        result.said = sorted({line for text, _ in words for line in text.splitlines()})
        return result

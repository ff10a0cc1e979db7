#!/usr/bin/env python3
"""Histories on every store: 100 000 operations each, checked for every promise, and a table.

    run.py BUILD_FOLDER

HISTORY_SECONDS: go on with other and longer histories for so long; HISTORY_SEED: of the first one;
HISTORY_STEPS: operations for each store.
"""
import contextlib
import os
import sys
import threading
import time

import history
import promises
from history import Proxy, postgres, redis

BUILD = sys.argv[1]
SECONDS = float(os.environ.get("HISTORY_SECONDS", "0"))
SEED = int(os.environ.get("HISTORY_SEED", "1"))
STEPS = int(os.environ.get("HISTORY_STEPS", "100000"))
# Nothing is wrong with the servers, so nothing may fail, however busy the machine is.
PATIENT = {**history.SETTINGS, "timeout": "20s"}
# What fails is to fail often.
RESTLESS = {**history.SETTINGS, "probe_every": "10ms"}
# A store without round trips does in a millisecond what others do in ten.
FAST = {"idle": "50ms", "absolute": "5s", "tombstone": "5ms", "touch_every": "5ms"}

CUTS = 40
MOST_SECONDS = 30  # of a history, where the machine is too busy for all of its steps

FAILED = []
TABLE = ["| a history on | operations | in | per second | the slowest | of unknown outcome "
         "| UNAVAILABLE | served again after | acknowledged writes lost | broken promises |",
         "|---" * 10 + "|"]


def say(name, seed, result, seconds, breaks):
    for line in result.said[:20] * (not breaks) + result.violations[:20]:
        print(f"    {line}")
    away, unknown = (result.by_status.get(status, 0) for status in promises.FAILED)
    wrong = result.failed + [f"{count} {what}" for count, what in (
        (away + unknown, "operations failed"), (len(result.violations), "broken promises"))
        if count and not (breaks and what == "operations failed")]
    if result.kept:
        wrong.append(f"python3 tests/histories/checker.py {result.kept}/journal")
    if breaks and result.recovery is None:
        wrong.append("a client was not served again")
    if breaks and away + unknown == 0:
        wrong.append("nothing was broken")
    FAILED.extend(wrong)
    print(f"{'FAIL' if wrong else 'ok'} a history on {name}: {'; '.join(wrong + [''])}"
          f"seed {seed}, {dict(sorted(result.by_status.items()))}", flush=True)
    again = f"{result.recovery * 1000:.0f} ms" if result.recovery is not None else ""
    TABLE.append(f"| {name} | {result.operations} | {seconds:.1f} s | "
                 f"{result.operations / seconds:.0f} | {result.longest * 1000:.0f} ms | {unknown} "
                 f"| {away} | {again} | {result.lost} | {len(result.violations)} |")


def judge(name, uri, seed, **options):
    start = time.monotonic()
    result = history.run(BUILD, uri, seed=seed, keep=True, seconds=MOST_SECONDS, **options)
    say(name, seed, result, time.monotonic() - start, "fault" in options)


@contextlib.contextmanager
def again_and_again(action, pause):
    """A fault: the action, until it has been enough."""
    over = threading.Event()

    def repeat():
        while not over.wait(pause):
            action()
    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def while_cut(name, server, place, seed, hold, **parameters):
    with Proxy(server.port) as proxy:
        cuts = again_and_again(proxy.cut, 1 / CUTS)
        judge(f"{name}, connections cut {CUTS} times a second",
              redis.uri(place.format(proxy.port), parameters), seed, fault=cuts, lead=0.2,
              hold=hold, rest=1)


def on_memory(seed, steps):
    judge("memory, 4 threads", redis.uri("memory:", FAST), seed, workers=1, clients=4,
          steps=steps)


def on_redis(seed, steps, hold):
    with redis.Server() as server:
        judge("Redis, 4 processes", [server.unix(**PATIENT), server.tcp(**PATIENT)], seed,
              steps=steps)
        while_cut("Redis", server, "redis://127.0.0.1:{}", seed + 1, hold, **RESTLESS)


def on_postgres(seed, steps, hold):
    with postgres.Server(fsync="off") as server, postgres.Pooler(server) as pooler:
        schema = {"migrate": "create"}
        judge("Postgres, 4 processes, 2 through PgBouncer",
              [server.unix(**schema, **PATIENT), pooler.tcp(**schema, **PATIENT)], seed,
              steps=steps)
        while_cut("Postgres", server, "postgresql://mcp@127.0.0.1:{}/postgres", seed + 1, hold,
                  **schema, **RESTLESS)


def main():
    end = time.monotonic() + SECONDS
    seed, steps, hold = SEED, STEPS // 4, 2
    while True:
        on_memory(seed, steps)
        on_redis(seed, steps, hold)
        on_postgres(seed, steps, hold)
        if time.monotonic() >= end:
            break
        seed += 2
        steps, hold = min(steps * 2, 100000), min(hold * 2, 20)  # what a checker can hold
    print("\n".join(TABLE))
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()

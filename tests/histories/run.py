#!/usr/bin/env python3
"""Histories on every store: 100 000 operations each, checked for every promise.

    run.py BUILD_FOLDER

HISTORY_SEED: of another history than last time's; HISTORY_STEPS: operations for each store.
"""
import os
import sys
import time

import history
import promises
from history import postgres, redis

BUILD = sys.argv[1]
SEED = int(os.environ.get("HISTORY_SEED", "1"))
STEPS = int(os.environ.get("HISTORY_STEPS", "100000"))
# Nothing is wrong with the servers, so nothing may fail, however busy the machine is.
PATIENT = {**history.SETTINGS, "timeout": "20s"}
# A store without round trips does in a millisecond what others do in ten.
FAST = {"idle": "50ms", "absolute": "5s", "tombstone": "5ms", "touch_every": "5ms"}

FAILED = []


def say(name, result, seconds):
    for line in result.said[:20] + result.violations[:20]:
        print(f"    {line}")
    away = sum(result.by_status.get(status, 0) for status in promises.FAILED)
    wrong = result.failed + [f"{count} {what}" for count, what in (
        (away, "operations failed"), (len(result.violations), "violations")) if count]
    kinds = " ".join(f"{status} {count}" for status, count in sorted(result.by_status.items()))
    if wrong:
        FAILED.append(name)
    print(f"{'FAIL' if wrong else 'ok'} a history on {name}: {'; '.join(wrong + [''])}"
          f"{result.operations} operations in {seconds:.1f} s, seed {SEED}: {kinds}", flush=True)


def judge(name, uri, **options):
    start = time.monotonic()
    result = history.run(BUILD, uri, seed=SEED, **options)
    say(name, result, time.monotonic() - start)


def main():
    judge("memory, 4 threads", redis.uri("memory:", FAST), workers=1, clients=4,
          steps=STEPS // 4)
    with redis.Server() as server:
        judge("Redis, 4 processes", server.unix(**PATIENT), steps=STEPS // 4)
    with postgres.Server(fsync="off") as server:
        judge("Postgres, 4 processes", server.unix(migrate="create", **PATIENT),
              steps=STEPS // 4)
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Every fault in the middle of a history of pods at work, and a table of what came of it.

    run.py BUILD_FOLDER [PART...]

A part is redis, postgres, failover or promotion; without one all of them, and the table. FAULT,
of the environment: only those faults whose names have it.
"""
import os
import signal
import subprocess
import sys
import time

from pods import SLACK_MS, Outcome, Pods, Stalls, now_ns
import catalogue
import scenes
from driven import FAILED, check, end

BUILD = sys.argv[1]
BEFORE, AFTER = 0.5, 0.6
PARTS = {
    "redis": (scenes.OnRedis, catalogue.NETWORK + catalogue.PODS + catalogue.REDIS),
    "postgres": (scenes.OnPostgres, catalogue.NETWORK + catalogue.PODS + catalogue.POSTGRES),
    "failover": (scenes.OnRedis, catalogue.FAILOVER),
    "promotion": (scenes.OnPair, catalogue.PROMOTION),
}
TOGETHER = (("redis",), ("postgres",), ("failover", "promotion"))  # they mostly wait
COLUMNS = "calls that failed, the slowest | served again after | acknowledged writes lost"


def live_through(fault, scene):
    with Pods(BUILD, scene.uri) as pods, Stalls() as stalls:
        scene.pods = pods
        pods.start()
        pods.start()
        time.sleep(BEFORE)
        begin = now_ns()
        with fault.act(scene):
            time.sleep(fault.lasts)
        over = now_ns()
        fault.mend(scene)
        pods.settle(fault.recovers)
        time.sleep(AFTER)
        ends = pods.end()
        outcome = Outcome(pods.history(), begin, over)
        outcome.stalled_ms = stalls.most_ms
        return outcome, ends, pods.complained()


def judge(part, fault, outcome, ends, complaints):
    failed = len(FAILED)

    def say(what, good, why):
        check(f"{part}: {fault.name}: {what}", good, why)
    bad = outcome.mistyped() + [line for line in complaints if "\ufffd" in line]
    slowest, back = outcome.slowest_ms(fault.excused), outcome.back_ms()
    say("every result is typed, in time, and no pod dies", not bad and set(ends) <= {0, -9} and
        slowest < fault.timeout_ms + SLACK_MS + 2 * outcome.stalled_ms,
        f"{[str(one) for one in bad[:5]]}, slowest {slowest:.0f} ms on a machine that stood still "
        f"for {outcome.stalled_ms:.0f}, ends {ends}")
    if fault.noticed is not None:
        say("it is noticed" if fault.noticed else "nobody notices",
            bool(outcome.failures) == fault.noticed, f"{outcome.seen()}")
    say(f"all is well again within {fault.recovers:.0f} s",
        back is not None and back < fault.recovers * 1000, f"{back} ms")
    if not fault.loses:
        say("its history holds, and nothing acknowledged is lost", not outcome.lost and
            (not outcome.violations or fault.store == "waited"),
            "; ".join(str(one) for one in outcome.violations[:3]))
    return len(FAILED) == failed


def row(fault, outcome):
    seen = ", ".join(f"{count} {name}" for name, count in outcome.seen().items() if count)
    back = outcome.back_ms()
    return (f"{seen or 'none'}; {outcome.slowest_ms(fault.excused):.0f} ms",
            f"{back:.0f} ms" if outcome.failures and back is not None else "",
            f"{'at least ' if outcome.lost else ''}{len(outcome.lost)} of {outcome.acknowledged}")


def meet(part, make, fault):
    with make(BUILD, fault) as scene:
        outcome, ends, complaints = live_through(fault, scene)
    if not judge(part, fault, outcome, ends, complaints):
        print("\n".join("    " + line for line in complaints[:20]))
    return row(fault, outcome)


def run_part(part):
    make, faults = PARTS[part]
    for fault in faults:
        if os.environ.get("FAULT", "") not in fault.name:
            continue
        try:
            cells = meet(part, make, fault)
        except catalogue.CannotBeMade as why:
            cells = (str(why), "", "")
        print("\t".join(("row", part, fault.name, *cells)), flush=True)


def print_table(title, parts, rows):
    """A line for each fault, and its cells of each part."""
    names = [f"{part}: " if len(parts) > 1 else "" for part in parts]
    print("|", title, "|", " | ".join(name + COLUMNS for name in names), "|")
    print("|---" * (1 + 3 * len(parts)) + "|")
    for name in dict.fromkeys(name for part in parts for name in rows[part]):
        print("|", name, "|", " | ".join(" | ".join(rows[p].get(name, ("", "", "")))
                                         for p in parts), "|")


def main():
    # So that servers and disks go with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if len(sys.argv) > 2:
        try:
            for part in sys.argv[2:]:
                run_part(part)
        finally:
            scenes.OnPostgres.end()
        end()
    runs = [subprocess.Popen([sys.executable, __file__, BUILD, *parts], stdout=subprocess.PIPE,
                             text=True) for parts in TOGETHER]
    rows = {part: {} for part in PARTS}
    for line in "".join(run.communicate()[0] for run in runs).splitlines():
        kind, *cells = line.split("\t")
        if kind == "row":
            rows[cells[0]][cells[1]] = cells[2:]
        else:
            print(line)
    print_table("what breaks", ("redis", "postgres"), rows)
    print_table("who takes over", ("failover",), {"failover": {**rows["failover"],
                                                               **rows["promotion"]}})
    sys.exit(any(run.returncode for run in runs))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Stores with one classic bug each: the checker must name the promise that it breaks.

    mutants.py BUILD_FOLDER

Most bugs are those of tests/conformance/bugs-*.c, here around a memory store that also fails now
and then, so that there are writes to repeat. But for those that need a race they run on a clock
that is pretended, and end the same way each time. The others are in the functions of a Postgres
schema, changed when it was made, with four processes at work.
"""
import sys

import history
import promises as p
from history import postgres, redis

BUILD = sys.argv[1]
STEPS = 6000
FAILING = "flaky%3A%3Flose%3D3%26fail%3D2%26seed%3D7"

# What each is, and how it shows.
BUGS = {
    "upsert": ("an update creates what has ended", p.CREATED),
    "resurrecting-touch": ("a touch brings back what was deleted", p.CREATED),
    "create-overwrites": ("a create replaces what is there", p.CREATED),
    "lost-revision": ("an update compares no revisions", p.ONE_WRITE),
    "write-vanishes": ("an acknowledged update is not done", p.STALE),
    "revision-stands-still": ("an update leaves the revision", p.ONE_WRITE),
    "stale-read": ("a read is answered from a cache", p.STALE),
    "payload-is-text": ("a payload is cut short", p.PAYLOAD),
    "early-expiry": ("a record ends a tenth too early", p.EARLY),
    "late-expiry": ("a record ends a tenth too late", p.LATE),
    "expired-once": ("what has expired is read once more", p.LATE),
    "no-deadline": ("the absolute expiry is not kept", p.LATE),
    "get-without-touch": ("a get with touch does not touch", p.MOVED),
    "update-without-touch": ("an update does not touch", p.MOVED),
    "exists-that-touches": ("exists moves the expiry", p.LATE),
    "tokens-ignored": ("a repeated write is a conflict", p.REPEATED),
    "token-applied-twice": ("a repeated write is done again", p.REPEATED),
    "once-is-twice": ("a token is redeemed twice", p.REDEEMED),
    "once-forgets": ("a redeemed token is forgotten early", p.REDEEMED),
    "once-repeats": ("a repeated redemption is refused", p.REDEEMED),
    "get-for-all": ("a stranger reads a record", p.OWNER),
    "nobody-is-all": ("nobody reads everybody's records", p.OWNER),
    "delete-for-all": ("a stranger deletes a record", p.CAUSE),
    "rotate-for-all": ("a stranger rotates a record", p.OWNER),
    "no-tombstones": ("tombstones are dropped", p.TOMBSTONE),
    "ends-confused": ("what was ended is called expired", p.EARLY),
    "rotate-any-revision": ("a rotation compares no revisions", p.ONE_WRITE),
    "rotate-no-payload": ("a rotation leaves its payload", p.PAYLOAD),
    "grace-lasts": ("a retired key reads after its grace", p.GRACE),
    "rotate-without-grace": ("a retired key does not read in its grace", p.GRACE),
    "rotate-leaves-old": ("a rotation is a copy", p.CREATED),
    "end-nobody": ("the end of an owner ends nothing", p.OWNER_ENDED),
    "end-misses-one": ("the end of an owner misses one", p.OWNER_ENDED),
    "ended-for-ever": ("an owner that was ended cannot begin anew", p.CAUSE),
    "conflict-without-revision": ("a conflict does not say what stands", p.TYPED),
}
# In Postgres: the function, what is replaced and by what.
ALTERED = {
    "an update compares no revisions": ("write", "x.revision = i_revision", "true", p.ONE_WRITE),
    "a record reads on when it has expired": (
        "standing", "now >= expires then -5004", "now >= expires + 50 then -5004", p.LATE),
    "a delete leaves nothing": ("remove", "i_tomb > 0", "false", p.TOMBSTONE),
    "a token is redeemed by all": ("redeem", "op = i_operation", "true", p.REDEEMED),
    "a retired key reads on": ("rotate", "o_now + i_grace", "o_now + i_grace + 100", p.GRACE),
    "the end of an owner ends nothing": (
        "end_owner", "generation = w.generation + 1,", "", p.OWNER_ENDED),
}
RACES = {"swap-without-guard": ("an update compares and then swaps", p.ONE_WRITE)}


def wrapped(name, what, promise, **options):
    store = {"store": FAILING} if options.get("pretend") else {}
    uri = redis.uri("broken:", {"bug": name, **store, **history.SETTINGS})
    return judge(name, what, promise, uri, workers=1, clients=4, **options)


def altered(server, what, function, old, new, promise):
    sound = server(f"select pg_get_functiondef('mcpsess.{function}'::regproc)")
    if old not in sound:
        print(f"FAIL {function}: {what}: there is no {old} in it")
        return False
    server(sound.replace(old, new))
    good = judge(function, what, promise, server.unix(**history.SETTINGS), steps=STEPS // 3)
    server(sound)
    return good


def judge(name, what, promise, uri, **options):
    result = history.run(BUILD, uri, **options)
    found = [v for v in result.violations if v.promise == promise]
    if found and not result.failed:
        print(f"ok {name}: {what}: caught by \"{promise}\": {found[0].text}")
    else:
        others = sorted({v.promise for v in result.violations}) + result.failed
        print(f"FAIL {name}: {what}: \"{promise}\" did not catch it, only {others}")
    return bool(found)


def no_bug(**options):
    uri = redis.uri("broken:", {"store": FAILING, **history.SETTINGS})
    result = history.run(BUILD, uri, workers=1, clients=4, **options)
    unknown = result.by_status.get("UNKNOWN", 0)
    good = not result.violations and not result.failed and unknown > 0
    print(f"{'ok' if good else 'FAIL'} without a bug: nothing is broken, with {unknown} "
          f"outcomes of {result.operations} unknown",
          *result.violations[:3], sep="; ")
    return good


def main():
    good = [no_bug(steps=STEPS, pretend=True), no_bug(steps=STEPS)]
    good += [wrapped(name, *what, steps=STEPS, pretend=True) for name, what in BUGS.items()]
    good += [wrapped(name, *what, steps=10 * STEPS) for name, what in RACES.items()]
    with postgres.Server(fsync="off") as server:
        made = history.run(BUILD, server.unix(migrate="create", **history.SETTINGS), steps=10)
        good.append(not made.violations)
        good += [altered(server, what, *how) for what, how in ALTERED.items()]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()

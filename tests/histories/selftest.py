#!/usr/bin/env python3
"""The checker on histories made by hand: what could have happened passes, what could not does not.

    selftest.py [BUILD_FOLDER]

Times are milliseconds, of the store's clock too. Idle is 100, the throttle 10, a tombstone 50.
"""
import sys

import checker
import promises as p
from journal import NO_OWNER, STATUSES, STRANGER, TOUCHES, VERBS, History, Operation

CODES = {name: code for code, name in STATUSES.items()}
IDLE, EVERY, TOMBSTONE, ABSOLUTE = 100, 10, 50, 5000
FAILED = []


def op(words, begin, end=None, **more):
    """words: "VERB [STATUS] [rREVISION]"; an OK answer is that of a record created at 1000."""
    verb, *rest = words.split()
    revision = next((int(w[1:]) for w in rest if w[0] == "r"), 0)
    status = next((w for w in rest if w[0] != "r"), "OK")
    end = begin + 1 if end is None else end
    seen = status in ("OK", "CONFLICT") and verb not in ("delete", "end_owner", "once")
    born = more.get("born", 1000)
    idle = more.get("idle", 0)
    fields = {
        "begin": begin * 1000000, "end": end * 1000000, "token": 0,
        "expected": revision - 1 if verb == "update" else 0, "sent": 0, "got": 0, "idle": idle,
        "span": 0, "revision": revision, "now": more.get("now", begin), "created": born * seen,
        "expires": 0, "deadline": (born + ABSOLUTE) * seen, "key": 1, "new_key": 0,
        "code": CODES[status], "verb": VERBS.index(verb), "flags": 0, "client": 0, "owner": 1,
        "its_owner": 1 if seen else NO_OWNER, "unused": 0}
    fields.update({k: v for k, v in more.items() if k in fields})
    if status == "UNKNOWN":
        fields["now"] = 0
    if verb in ("create", "update", "rotate", "once") and not fields["token"]:
        op.tokens += 1
        fields["token"] = op.tokens
    return Operation(tuple(fields.values()), more.get("own_clock", False))


op.tokens = 1000

BORN = op("create r1", 1000, sent=11)
GONE_AT = 1001 + IDLE

GOOD = {
    "one client after the other": [BORN, op("update r2", 1002, sent=12), op("get r2", 1004, got=12),
                                   op("delete", 1006), op("get REVOKED", 1008)],
    "a read during a write sees either": [
        BORN, op("update r2", 1002, 1020), op("get r1", 1004), op("get r2", 1006)],
    "an unknown update happened": [
        BORN, op("update UNKNOWN r2", 1002, expected=1, revision=0, sent=12),
        op("get r2", 1020, got=12)],
    "an unknown update happened much later": [
        BORN, op("update UNKNOWN r2", 1002, expected=1, revision=0), op("get r1", 1020),
        op("get r2", 1060)],
    "an unknown update never happened": [
        BORN, op("update UNKNOWN r2", 1002, expected=1, revision=0, sent=12),
        op("update r2", 1020, sent=13), op("get r2", 1040, got=13)],
    "an unknown update is repeated": [
        BORN, op("update UNKNOWN r2", 1002, expected=1, revision=0, token=7),
        op("update r2", 1020, token=7), op("get r2", 1040)],
    "an unknown update was overtaken": [
        BORN, op("update UNKNOWN r2", 1002, expected=1, revision=0, token=7),
        op("update r2", 1010), op("update CONFLICT r2", 1020, token=7, expected=1)],
    "an unknown delete happened, or not yet": [
        BORN, op("delete UNKNOWN", 1002), op("get r1", 1010), op("get REVOKED", 1020)],
    "an unknown create happened": [
        op("create UNKNOWN", 990, 1010, sent=11, token=7), op("get r1", 1012, got=11)],
    "an unknown create is met before it is repeated": [
        op("create UNKNOWN", 1000, token=7), op("exists r1", 1004), op("create r1", 1010, token=7)],
    "an id is used again when its tombstone is over": [
        BORN, op("delete", 1002), op("create r1", 1003 + TOMBSTONE, born=1003 + TOMBSTONE)],
    "a record expires, a throttle late at most": [
        BORN, op("get r1", GONE_AT - 2), op("get EXPIRED", GONE_AT + EVERY)],
    "a touch keeps it": [BORN, op("touch r1", 1080), op("get r1", 1150)],
    "a touch that nobody knows of may have kept it": [
        BORN, op("touch UNKNOWN", 1080), op("get r1", 1150)],
    "a get with touch that was UNAVAILABLE may have kept it": [
        BORN, op("get UNAVAILABLE", 1080, flags=TOUCHES), op("get r1", 1150)],
    "a retired key reads for its grace": [
        BORN, op("rotate r2", 1002, new_key=2, span=30), op("get r1", 1020),
        op("update r3", 1022, key=2), op("get r1", 1025), op("get REVOKED", 1040),
        op("get r3", 1041, key=2)],
    "a rotation with a payload": [
        BORN, op("update r2", 1002), op("rotate CONFLICT r2", 1004, new_key=2, expected=1, sent=11),
        op("rotate r3", 1006, new_key=2, expected=2, sent=12), op("get r3", 1008, key=2, got=12)],
    "a rotation that is unknown happened": [
        BORN, op("rotate UNKNOWN", 1002, new_key=2, token=7), op("get r2", 1010, key=2),
        op("get REVOKED", 1012)],
    "an unknown rotation makes what an unknown update did not": [
        BORN, op("rotate UNKNOWN", 1002, new_key=2, token=7),
        op("update UNKNOWN", 1004, key=2, expected=1, sent=12), op("get r2", 1010, key=2, got=11)],
    "an unknown rotation makes what an update is in conflict with": [
        BORN, op("rotate UNKNOWN", 1002, new_key=2), op("get r2", 1003, key=2),
        op("update UNKNOWN", 1004, key=2, expected=1, token=7),
        op("update CONFLICT r2", 1010, key=2, expected=1, token=7)],
    "what nobody saw created is rotated": [
        op("create UNKNOWN", 1000), op("rotate r2", 1004, new_key=2), op("get r2", 1020, key=2)],
    "a rotation is repeated, and again when its record was written": [
        BORN, op("rotate UNKNOWN", 1002, new_key=2, token=7), op("get r2", 1004, key=2),
        op("rotate r2", 1006, new_key=2, token=7), op("update r3", 1008, key=2),
        op("rotate REVOKED", 1010, new_key=2, token=7), op("get r3", 1012, key=2)],
    "the end of an owner ends what was": [
        BORN, op("end_owner", 1002), op("get REVOKED", 1004),
        op("create r1", 1010, key=2, born=1010), op("get r1", 1012, key=2, born=1010)],
    "a stranger is refused": [BORN, op("get NOTOWNER", 1002, flags=STRANGER, owner=2)],
    "a token is redeemed by one, and again when it is forgotten": [
        op("once", 1000, idle=50), op("once EXISTS", 1010, idle=50), op("once", 1051, idle=50)],
    "a redemption is repeated": [
        op("once UNKNOWN", 1000, idle=50, token=7), op("once", 1010, idle=50, token=7),
        op("once EXISTS", 1012, idle=50)],
    "a thread's clock is old when it has waited": [
        op("create r1", 1000, own_clock=True), op("delete", 1002, 1003, own_clock=True),
        op("create r1", 1004, 1060, born=1010, now=1010, own_clock=True)],
}

BAD = {
    "two updates of one revision": (p.ONE_WRITE, [
        BORN, op("update r2", 1002), op("update r2", 1004)]),
    "a revision that nobody wrote": (p.ONE_WRITE, [BORN, op("get r2", 1002)]),
    "an update that was UNAVAILABLE and happened": (p.ONE_WRITE, [
        BORN, op("update UNAVAILABLE", 1002, expected=1), op("get r2", 1004)]),
    "an update that jumps": (p.ONE_WRITE, [BORN, op("update r3", 1002, expected=1)]),
    "a read before the write": (p.WRITTEN, [
        BORN, op("get r2", 1002), op("update r2", 1004)]),
    "a read that is stale": (p.STALE, [
        BORN, op("update r2", 1002), op("get r1", 1004)]),
    "a conflict that is stale": (p.STALE, [
        BORN, op("update r2", 1002), op("get r2", 1004),
        op("update CONFLICT r1", 1006, expected=2)]),
    "an acknowledged update that is gone": (p.STALE, [
        BORN, op("update r2", 1002), op("exists r1", 1010)]),
    "a payload of another write": (p.PAYLOAD, [
        BORN, op("update r2", 1002, sent=12), op("get r2", 1004, got=11)]),
    "a rotation that changes the payload": (p.PAYLOAD, [
        BORN, op("rotate r2", 1002, new_key=2), op("get r2", 1004, key=2, got=12)]),
    "a rotation that leaves the payload it should replace": (p.PAYLOAD, [
        BORN, op("rotate r2", 1002, new_key=2, expected=1, sent=12),
        op("get r2", 1004, key=2, got=11)]),
    "a rotation of another revision": (p.ONE_WRITE, [
        BORN, op("update r2", 1002), op("rotate r3", 1004, new_key=2, expected=1, sent=12)]),
    "a rotation that answers what was written since": (p.ONE_WRITE, [
        BORN, op("rotate UNKNOWN", 1002, new_key=2, token=7), op("get r2", 1004, key=2),
        op("update r3", 1006, key=2), op("rotate r3", 1010, new_key=2, token=7)]),
    "a rotation whose repetition answers another revision": (p.REPEATED, [
        BORN, op("rotate r2", 1002, new_key=2, token=7), op("update r3", 1006, key=2),
        op("rotate r3", 1010, new_key=2, token=7)]),
    "a create that does not know itself": (p.REPEATED, [
        op("create r1", 1000, token=7), op("create EXISTS", 1004, token=7), op("get r1", 1006)]),
    "a rotation that loses an update": (p.STALE, [
        BORN, op("update r2", 1002), op("rotate r2", 1004, new_key=2)]),
    "a retry that is done twice": (p.REPEATED, [
        BORN, op("update r2", 1002, token=7), op("update r3", 1010, expected=1, token=7)]),
    "a retry that does not know itself": (p.REPEATED, [
        BORN, op("update r2", 1002, token=7),
        op("update CONFLICT r2", 1010, expected=1, token=7)]),
    "an upsert": (p.CREATED, [
        BORN, op("delete", 1002), op("update r1", 1060, born=1060)]),
    "a create over a record": (p.CREATED, [BORN, op("create r2", 1002)]),
    "a touch that brings back": (p.ENDED, [BORN, op("delete", 1002), op("touch r1", 1010)]),
    "a read after a read that missed": (p.ENDED, [
        BORN, op("delete UNKNOWN", 1002), op("get REVOKED", 1010), op("get r1", 1020)]),
    "a record that outlives its owner's end": (p.OWNER_ENDED, [
        BORN, op("end_owner", 1002), op("get r1", 1010)]),
    "a retired key that is written": (p.ENDED, [
        BORN, op("rotate r2", 1002, new_key=2, span=30), op("touch r1", 1010)]),
    "a retired key that reads on": (p.GRACE, [
        BORN, op("rotate r2", 1002, new_key=2, span=30), op("get r1", 1040)]),
    "a retired key without its grace": (p.GRACE, [
        BORN, op("rotate r2", 1002, new_key=2, span=30), op("get REVOKED", 1010)]),
    "a live record that is not found": (p.FOUND, [BORN, op("get NOTFOUND", 1010)]),
    "an early expiry": (p.EARLY, [BORN, op("get EXPIRED", GONE_AT - 10)]),
    "an early expiry after a touch": (p.EARLY, [
        BORN, op("touch r1", 1080), op("get EXPIRED", 1170)]),
    "a late expiry": (p.LATE, [BORN, op("get r1", GONE_AT + EVERY)]),
    "a read that touches and should not": (p.LATE, [
        BORN, op("get r1", 1080), op("get r1", 1150)]),
    "an expiry that is said and not kept": (p.LATE, [BORN, op("get r1", 1050, expires=1040)]),
    "a record beyond its deadline": (p.LATE, [
        op("create r1", 1000, deadline=1020), op("get r1", 1030, deadline=1020)]),
    "a deadline that is not the one asked for": (p.LATE, [op("create r1", 1000, span=200)]),
    "a touch that does not move": (p.MOVED, [BORN, op("touch r1", 1050, expires=1101)]),
    "a revocation by nobody": (p.CAUSE, [BORN, op("get REVOKED", 1010)]),
    "a tombstone that is dropped": (p.TOMBSTONE, [
        BORN, op("delete", 1002), op("get NOTFOUND", 1020)]),
    "a create over a tombstone": (p.IN_USE, [
        BORN, op("delete", 1002), op("create r1", 1020, born=1020)]),
    "a create that meets what has ended": (p.IN_USE, [
        BORN, op("delete", 1002), op("create EXISTS", 1010)]),
    "a stranger that reads": (p.OWNER, [BORN, op("get r1", 1002, flags=STRANGER, owner=2)]),
    "an owner that is refused": (p.OWNER, [BORN, op("get NOTOWNER", 1002)]),
    "a record of another owner": (p.OWNER, [BORN, op("get r1", 1002, its_owner=2)]),
    "a token that is redeemed twice": (p.REDEEMED, [
        op("once", 1000, idle=50), op("once", 1020, idle=50)]),
    "a token that nobody can redeem": (p.REDEEMED, [op("once EXISTS", 1000, idle=50)]),
    "a redemption that does not know itself": (p.REDEEMED, [
        op("once", 1000, idle=50, token=7), op("once EXISTS", 1010, idle=50, token=7)]),
    "a limit where none is": (p.TYPED, [op("create LIMIT", 1000)]),
    "a corrupt record": (p.TYPED, [BORN, op("get CORRUPT", 1002)]),
}


def violations(operations):
    return checker.check(History(operations, IDLE, ABSOLUTE, TOMBSTONE, EVERY))


def say(name, good, what=""):
    print(f"{'ok' if good else 'FAIL'} {name}{': ' * bool(what)}{what}")
    if not good:
        FAILED.append(name)


def a_violation_is_one_line():
    line = str(violations([BORN, op("update r2", 1002, client=3), op("get r1", 1004, client=5)])[0])
    say("a violation is one line with those concerned",
        "\n" not in line and "client 3 update" in line and "client 5 get" in line, line)


def main():
    for name, operations in GOOD.items():
        found = violations(operations)
        say(name, not found, "; ".join(map(str, found)))
    for name, (promise, operations) in BAD.items():
        found = violations(operations)
        say(name, promise in {v.promise for v in found},
            "; ".join(map(str, found)) or f"nobody noticed; expected: {promise}")
    lost = violations(BAD["an acknowledged update that is gone"][1])[0].lost
    say("acknowledged writes that are lost are counted", len(lost) == 1)
    a_violation_is_one_line()
    used = {promise for promise, _ in BAD.values()}
    known = {v for k, v in vars(p).items() if k.isupper() and isinstance(v, str)}
    say("every promise is broken once", used == known, str(known ^ used))
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    main()

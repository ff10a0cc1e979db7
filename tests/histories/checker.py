"""Whether a history could have happened one step at a time, with every promise kept.

    python3 checker.py JOURNALS [KEY]

KEY: show all that was done under it, too.

Every write that succeeds says its revision, so the check is a sort and a sweep and no search.
A life is one record from its creation to its end, under one key; what creates it under the next
key is a rotation. A store answers when a life began and its deadline: by these two a life is told
from another under the same key. Operations whose outcome is unknown may have happened at any time
since they began, or never.
"""
import sys
from bisect import bisect_left
from collections import defaultdict

import journal
import promises as p
from journal import (CREATE, DELETE, END_OWNER, EVER, EXISTS, GET, ONCE, ROTATE, STRANGER, TOUCH,
                     UPDATE, VERBS)
from lives import Key, Life


class Checker:
    """One history; violations collects what is wrong with it."""

    def __init__(self, history):
        self.history = history
        self.violations = []
        self.keys = defaultdict(Key)
        self.once = defaultdict(list)
        self.owner_ends = defaultdict(list)
        self.owner_of = {}
        self.ok = {}  # token: the first attempt that was OK
        self.check()

    def broken(self, promise, text, *operations, lost=()):
        self.violations.append(p.Violation(promise, text, *operations, lost=lost))

    def check(self):
        for one in self.history.operations:
            if one.token and one.status == "OK":
                self.ok.setdefault(one.token, one)
        for one in self.history.operations:
            self.check_result(one)
            self.sort(one)
        for number in sorted(self.keys):
            key = self.keys[number]
            key.ends += self.owner_ends[self.owner_of.get(number)]
            lives = sorted(key.lives.values(), key=lambda l: l.created)
            for life in lives:
                self.find_maker(key, life)
                self.find_touches(key, life)
                self.find_unlimited(key, life)
                self.check_writes(key, life)
                self.check_order(life)
                self.check_ends(key, life)
                self.check_expiry(key, life)
            self.check_misses(key, lives)
            self.check_in_use(key, lives)
        for attempts in self.once.values():
            self.check_token(attempts)

    # -- sorting ---------------------------------------------------------------------------------

    def check_result(self, one):
        if one.status in p.FAILED:
            return
        stranger = one.flags & STRANGER
        if one.status == "NOTOWNER":
            if not stranger:
                self.broken(p.OWNER, "it was refused to its owner", one)
        elif one.status not in p.RESULTS[one.verb]:
            self.broken(p.TYPED, f"{VERBS[one.verb]} answered {one.status}", one)
        elif one.status in ("OK", "CONFLICT") and one.created:
            if stranger and one.verb != DELETE:
                self.broken(p.OWNER, "a stranger had it", one)
            elif one.verb not in (DELETE, ONCE, END_OWNER) and one.its_owner != one.owner:
                self.broken(p.OWNER, f"owner {one.its_owner} was answered", one)
        if one.repeats and one.status == "OK":
            self.check_repetition(self.ok[one.token], one)
        if one.status == "OK" and one.expected and one.revision != one.expected + 1:
            self.broken(p.ONE_WRITE, "a write makes the next revision", one)
        if one.status == "OK" and one.verb == CREATE and one.revision != 1:
            self.broken(p.CREATED, "a create makes revision 1", one)
        if one.status == "CONFLICT" and one.revision in (0, one.expected):
            self.broken(p.TYPED, "a conflict says what stands instead", one)

    def check_repetition(self, first, one):
        # A create may be a new one when all of the first has ended.
        if first.revision != one.revision or \
                one.verb != CREATE and first.created != one.created:
            self.broken(p.REPEATED, "its attempts made two revisions", first, one)

    def life(self, number, one):
        lives, name = self.keys[number].lives, (one.created, one.deadline)
        if name not in lives:
            lives[name] = Life(number, *name)
        return lives[name]

    def sort(self, one):
        if one.verb == ONCE:
            self.once[one.key].append(one)
            return
        may_be = one.status in ("OK", "UNKNOWN")
        if one.verb == END_OWNER:
            if may_be:
                self.owner_ends[one.owner].append(one)
            return
        key = self.keys[one.key]
        if not one.flags & STRANGER:
            self.owner_of[one.key] = one.owner
        if one.verb in (ROTATE, CREATE):
            self.sort_maker(one, may_be)
        elif one.verb == DELETE:
            if may_be and not one.flags & STRANGER:
                key.ends.append(one)
            return
        if one.created and (one.status == "CONFLICT" or
                            one.status == "OK" and one.verb != ROTATE):
            if not one.flags & STRANGER:
                self.life(one.key, one).see(one)
        elif one.status in p.GONE:
            key.misses.append(one)
        elif one.status == "EXISTS" and one.verb == CREATE:
            key.in_use.append(one)
        elif one.status in p.FAILED and not one.flags & STRANGER:
            # A read may be tried again, so UNAVAILABLE does not say that it did not touch.
            if one.verb == GET and one.touches() or one.verb == TOUCH and one.status == "UNKNOWN":
                key.unknown_touches.append(one)
            if one.verb == UPDATE and one.status == "UNKNOWN":
                key.unknown_updates.append(one)

    def sort_maker(self, one, may_be):
        if not may_be or one.flags & STRANGER:
            return
        hither = self.keys[one.new_key if one.verb == ROTATE else one.key]
        hither.makers.append(one)
        heard = self.ok.get(one.token)
        if one.status == "UNKNOWN" and (heard is None or one.verb == ROTATE):
            hither.unknown_makers.append(one)
        if one.verb == ROTATE:
            self.keys[one.key].ends.append(one)
            if one.status == "OK":
                self.life(one.new_key, one).see(one)

    # -- one life --------------------------------------------------------------------------------

    def find_maker(self, key, life):
        for one in key.makers:
            if one.status == "OK" and not (one.verb == ROTATE and one.repeats) and \
                    (one.created, one.deadline) == (life.created, life.deadline):
                life.maker, life.born = one, one.first_begin
                break
        candidates = [one for one in key.unknown_makers if one.begin < life.first_end]
        if life.maker is None:
            life.born = min((o.begin for o in candidates), default=0)
            if not candidates:
                self.broken(p.CREATED, "nobody made what was seen", life.first_sight)
        for one in [life.maker] if life.maker else candidates:
            if one.verb == ROTATE:
                source = self.keys[one.key].lives.get((life.created, life.deadline))
                life.source = source or life.source

    def find_touches(self, key, life):
        life.retired = min((o.begin for o in key.ends if o.verb == ROTATE), default=EVER)
        touches = [(one.created if one.verb == CREATE else one.least, one, life.is_sure(one))
                   for one in life.sights if one.touches() and one.status == "OK"]
        touches += life.source.touches if life.source else []
        touches.sort(key=lambda t: t[1].first_begin)
        latest, by, second, until = 0, None, 0, 0
        for least, one, _ in touches:
            expires = least + self.history.idle_of(one) + self.history.every_of(one)
            if expires > latest:
                latest, by, second = expires, one, latest
            else:
                second = max(second, expires)
            life.latest.append((latest, by, second))
        life.touches = touches
        for end, least in sorted((one.end, least + self.history.idle_of(one))
                                 for least, one, sure in touches if sure):
            until = max(until, least)
            life.sure.append((end, until))

    def contents_of(self, key, life):
        """{revision: those who made it or may have}."""
        makers = defaultdict(list)
        base = life.maker or life.first_sight
        for one in life.sights:
            if one.status == "OK" and one.verb in (CREATE, UPDATE, ROTATE):
                others = makers[one.revision]
                if others and others[0].token != one.token:
                    self.broken(p.ONE_WRITE, f"two made revision {one.revision}", others[0], one)
                others.append(one)
        for one in key.unknown_updates:
            if one.token not in self.ok:
                makers[one.expected + 1].append(one)
        for one in key.unknown_makers:
            if life.maker is None and one.verb == CREATE:
                makers[1].append(one)
        if life.maker is None:
            base = min(life.sights, key=lambda o: o.revision)
        for revision, ones in makers.items():
            life.contents[revision] = {o.sent for o in ones if o.sent} | \
                self.moved_contents(life, revision, ones)
        if life.maker is None and any(o.verb == ROTATE for o in key.unknown_makers):
            life.contents.pop(base.revision, None)
        return makers, base.revision

    @staticmethod
    def moved_contents(life, revision, ones):
        if life.source and any(o.verb == ROTATE and not o.sent for o in ones):
            return life.source.contents.get(revision - 1, set())
        return set()

    def check_writes(self, key, life):
        """What was seen had been written, it and all before it, by one write each."""
        makers, base = self.contents_of(key, life)
        top = max(one.revision for one in life.sights)
        earliest, latest_begin = {base: life.born}, life.born
        for revision in range(base + 1, top + 1):
            if not makers[revision]:
                shown = next(o for o in life.sights if o.revision >= revision)
                self.broken(p.ONE_WRITE, f"nobody made revision {revision}", shown)
                return
            latest_begin = max(latest_begin, min(o.first_begin for o in makers[revision]))
            earliest[revision] = latest_begin
        for one in life.sights:
            if one.revision < base:
                self.broken(p.STALE, f"it began with revision {base}", life.maker or
                            life.first_sight, one)
            elif earliest[one.revision] > one.end:
                self.broken(p.WRITTEN, f"revision {one.revision} was written later", one,
                            makers[one.revision][0])
            if one.status == "CONFLICT" and one.repeats and \
                    one.revision == one.expected + 1 > base and \
                    {o.token for o in makers[one.revision]} == {one.token}:
                self.broken(p.REPEATED, "it was this client's own", makers[one.revision][0], one)
            digests = life.contents.get(one.revision)
            if one.got and digests and one.got not in digests:
                self.broken(p.PAYLOAD, "it was another", *makers[one.revision][:1], one)
        if life.source and life.maker and max(o.revision for o in life.source.sights) >= base:
            wrong = max(life.source.sights, key=lambda o: o.revision)
            self.broken(p.STALE, "a rotation moved what was no longer so", wrong, life.maker,
                        lost=(wrong,))

    def check_order(self, life):
        """Nobody sees a revision after somebody has seen a newer one."""
        by_end = sorted(life.sights, key=lambda o: o.end)
        newest, ended = None, 0
        lost = {}
        for one in life.sights:
            while by_end[ended].end < one.begin:
                if newest is None or by_end[ended].revision > newest.revision:
                    newest = by_end[ended]
                ended += 1
            if newest is not None and one.revision < newest.revision:
                if one.revision not in lost:
                    gone = [o for o in life.sights if o.verb in (CREATE, UPDATE, ROTATE) and
                            o.status == "OK" and o.revision > one.revision and
                            o.end < one.begin]
                    lost[one.revision] = gone
                    self.broken(p.STALE, f"revision {one.revision} came after "
                                f"{newest.revision}", newest, one, lost=gone)

    def check_ends(self, key, life):
        """After an end is over nobody sees the record; a retired key reads for its grace."""
        moved = [o for o in key.ends if o.verb == ROTATE]
        for one in self.sure_ends(life, key.ends):
            if one.verb == ROTATE:
                self.check_grace(life, one)
                self.check_end(life, one, (UPDATE, TOUCH))
            else:
                self.check_end(life, one, p.VERBS_THAT_SEE)
                life.dead_from = min(life.dead_from, one.end)
        for one in self.sure_ends(life, key.misses):
            if moved and one.verb not in (GET, EXISTS):
                self.check_end(life, one, (UPDATE, TOUCH))
            else:
                self.check_end(life, one, p.VERBS_THAT_SEE)
                life.dead_from = min(life.dead_from, one.end)

    @staticmethod
    def sure_ends(life, ones):
        """Those that came when the life surely had begun; the first of each kind is enough."""
        first = {}
        for one in ones:
            name = (one.created, one.deadline)
            its_own = name == (life.created, life.deadline)
            if one.end == EVER or not its_own and (one.begin <= life.first_end or
                                                   one.created and one.status == "OK"):
                continue
            kind = one.verb
            if kind not in first or one.end < first[kind].end:
                first[kind] = one
        return first.values()

    def check_end(self, life, end, verbs):
        for one in life.sights:
            if one.begin > end.end and one.verb in verbs:
                promise = p.OWNER_ENDED if end.verb == END_OWNER else p.ENDED
                self.broken(promise, f"revision {one.revision} was met afterwards", end, one)
                return

    def check_grace(self, life, move):
        for one in life.sights:
            if one.begin > move.end and one.verb in (GET, EXISTS) and \
                    one.least is not None and one.least >= move.most + move.span:
                self.broken(p.GRACE, f"it read {one.least - move.most} ms afterwards", move, one)
                return

    # -- expiry ----------------------------------------------------------------------------------

    @staticmethod
    def latest_expiry(life, one):
        """The latest that others' touches, which may have been before it, can bring."""
        at = bisect_left(life.touches, one.end, key=lambda t: t[1].first_begin)
        latest, by, second = life.latest[at - 1] if at > 0 else (0, None, 0)
        return second if by is one else latest

    def check_expiry(self, key, life):
        deadline = life.deadline or EVER
        for one in life.sights:
            if one.least is None:
                continue
            now = one.least
            if one.expires and now >= one.expires or now >= deadline:
                self.broken(p.LATE, f"it was over at {min(one.expires or EVER, deadline)} ms", one)
                return
            if one.verb == CREATE and one.span and deadline > one.created + one.span:
                self.broken(p.LATE, f"its deadline is {deadline} ms", one)
                return
            own = one.touches() and one.status == "OK"
            until = now + self.history.idle_of(one)
            if own and life.is_sure(one) and one.expires and one.expires < min(until, deadline):
                self.broken(p.MOVED, f"it expires at {one.expires} ms", one)
                return
            if any(begin <= one.end and end >= one.begin for begin, end in life.unlimited):
                continue
            latest = self.latest_expiry(life, one)
            if own:
                # The record may have been touched in the same millisecond.
                if latest <= now and one is not life.maker and one.verb != CREATE:
                    self.broken(p.LATE, f"it had to be over at {latest} ms", *life.last(now), one)
                    return
                latest = max(latest, until + self.history.every_of(one))
            if latest <= now or one.expires > latest:
                said = f", not at {one.expires}" if one.expires > latest else ""
                self.broken(p.LATE, f"it has to be over at {latest} ms{said}",
                            *life.last(now), one)
                return

    def find_unlimited(self, key, life):
        """When touches may have happened of which nobody knows: (begin, end)."""
        for one in key.unknown_touches + key.unknown_updates:
            known = self.ok.get(one.token) if one.token else None
            life.unlimited.append((one.begin, known.end if known else EVER))
        if life.maker is None or life.maker.verb == ROTATE and life.source is None:
            life.unlimited.append((0, EVER))
        if life.source:
            life.unlimited += life.source.unlimited

    # -- misses ----------------------------------------------------------------------------------

    def has_unknown_maker(self, key, one):
        """Whether there may be a record by then that nobody has heard of."""
        return any(o.begin < one.end and not (o.token in self.ok and
                                              self.ok[o.token].end < one.begin)
                   for o in key.unknown_makers)

    def newest(self, key, lives, one):
        """The life that one must have met if it met any; None when that is not certain."""
        if self.has_unknown_maker(key, one):
            return None
        seen = [l for l in lives if l.first_end < one.begin]
        life = max(seen, key=lambda l: l.first_end, default=None)
        if life is not None:
            for other in lives:
                if other is not life and other.first_end >= life.born and other.born < one.end:
                    return None
        elif any(l.born < one.end for l in lives):
            return None
        return life

    def check_misses(self, key, lives):
        for one in key.misses:
            life = self.newest(key, lives, one)
            if life is not None:
                self.check_miss(key, life, one, one.status, one.most)
            elif one.status != "NOTFOUND" and not any(m.begin < one.end for m in key.makers):
                self.broken(p.CAUSE, "nothing was there", one)
        for life in lives:
            if life.maker and not life.maker.repeats:
                one = life.maker
                before = self.newest(key, [l for l in lives if l is not life], one)
                if before is not None:
                    self.check_miss(key, before, one, "NOTFOUND", one.most)

    def check_miss(self, key, life, one, status, now):
        ends = [e for e in key.ends if e.begin < one.end and e.end >= life.born and e is not one]
        until = life.sure_until(one.begin)
        if status == "EXPIRED" and now is not None and now < until:
            self.broken(p.EARLY, f"it had to live until {until} ms", *life.last(now), one)
        elif status == "REVOKED" and not ends:
            self.broken(p.CAUSE, "nobody had ended it", life.first_sight, one)
        elif status == "REVOKED" and one.verb in (GET, EXISTS):
            self.check_retired(life, ends, one)
        elif status == "NOTFOUND" and now is not None:
            held = self.history.tombstone
            known = [e.least for e in ends if e.status == "OK"]
            if now >= until + held or len(known) < len(ends) or None in known or \
                    any(now >= least + held for least in known):
                return
            if one.verb in (CREATE, ROTATE) and one.status == "OK":
                self.broken(p.IN_USE, "it was made anew", *life.last(now), *ends[:1], one)
            elif not ends and now < until:
                self.broken(p.FOUND, f"it had to live until {until} ms", *life.last(now), one,
                            lost=[o for o in life.sights if o.end < one.begin and
                                  o.verb in (CREATE, UPDATE, ROTATE)][-1:])
            else:
                self.broken(p.TOMBSTONE, "it was forgotten too soon", *ends[:1] or
                            life.last(now), one)

    def check_retired(self, life, ends, one):
        move = ends[0]
        if all(e.token == move.token and e.verb == ROTATE for e in ends) and \
                move.status == "OK" and one.most is not None and \
                one.most < min(move.least + move.span, life.sure_until(one.begin)):
            self.broken(p.GRACE, "it was refused within the grace", move, one)

    def check_in_use(self, key, lives):
        for one in key.in_use:
            for life in lives:
                if life.maker and life.maker.token == one.token and \
                        any(o.revision == 1 and o.begin > one.end for o in life.sights):
                    self.broken(p.REPEATED, "it was this client's own", life.maker, one)
            if self.has_unknown_maker(key, one):
                continue
            if not any(l.born < one.end and l.dead_from >= one.begin for l in lives):
                self.broken(p.IN_USE, "no record lived there", one)

    # -- one-time tokens -------------------------------------------------------------------------

    def check_token(self, attempts):
        redeemed = sorted((o for o in attempts if o.status == "OK" and not o.repeats),
                          key=lambda o: o.least or 0)
        for first, one in zip(redeemed, redeemed[1:]):
            if one.least is None or one.least < first.least + first.idle:
                self.broken(p.REDEEMED, "two redeemed it", first, one)
                break
        for one in attempts:
            if one.status != "EXISTS":
                continue
            others = [o for o in attempts if o.token != one.token and o.begin < one.end and
                      (o.status == "OK" or o.status == "UNKNOWN")]
            mine = self.ok.get(one.token)
            if not others or mine is not None:
                self.broken(p.REDEEMED, "it was refused and nobody else had it", one)


def check(history):
    """The violations of a history, one per promise and record at most."""
    return Checker(history).violations


def main():
    history = journal.read(sys.argv[1])
    violations = check(history)
    for one in violations:
        print(one)
    for one in history.operations if len(sys.argv) > 2 else ():
        if int(sys.argv[2]) in (one.key, one.new_key) and one.verb not in (ONCE, END_OWNER):
            print(f"{one.begin / 1e6:.3f} ms: {one}")
    print(f"{len(history.operations)} operations, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

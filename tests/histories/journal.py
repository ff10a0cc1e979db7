"""What workers wrote down (record.h), as operations."""
import glob
import struct

VERBS = ("create", "update", "get", "touch", "delete", "exists", "rotate", "end_owner", "once")
(CREATE, UPDATE, GET, TOUCH, DELETE, EXISTS, ROTATE, END_OWNER, ONCE) = range(len(VERBS))
STATUSES = {0: "OK", 1: "PENDING", -5001: "INVALID", -5002: "NOMEM", -5003: "NOTFOUND",
            -5004: "EXPIRED", -5005: "REVOKED", -5006: "NOTOWNER", -5007: "EXISTS",
            -5008: "CONFLICT", -5009: "LIMIT", -5010: "GAP", -5011: "UNAVAILABLE",
            -5012: "UNKNOWN", -5013: "TOOBIG", -5014: "CORRUPT", -5015: "UNSUPPORTED"}
TOUCHES, STRANGER = 1, 2
NO_OWNER = 0xffff
EVER = 1 << 62  # of times: an end that nobody knows

HEADER = struct.Struct("=8s6Q")
RECORD = struct.Struct("=13Q2Ii6H")


class Operation:
    """One call of one client; times in nanoseconds of a clock that all clients share."""
    __slots__ = ("begin", "end", "token", "expected", "sent", "got", "idle", "span", "revision",
                 "now", "created", "expires", "deadline", "key", "new_key", "code", "verb",
                 "flags", "client", "owner", "its_owner", "status", "least", "most", "repeats",
                 "first_begin", "heard")

    def __init__(self, fields, own_clock):
        (self.begin, self.end, self.token, self.expected, self.sent, self.got, self.idle,
         self.span, self.revision, self.now, self.created, self.expires, self.deadline, self.key,
         self.new_key, self.code, self.verb, self.flags, self.client, self.owner, self.its_owner,
         _) = fields
        self.status = STATUSES.get(self.code, str(self.code))
        self.heard = self.end  # when its client had an answer, whatever that says; 0: never
        if self.status in ("PENDING", "UNKNOWN"):
            self.status, self.end = "UNKNOWN", EVER
        # When it happened by the store's clock, in milliseconds; None: no knowing.
        self.least = self.most = self.now or None
        if own_clock and self.end != EVER:
            # What it read from the clock is old by the time that it waited for a lock.
            self.least = max(self.now, self.begin // 1000000)
            self.most = self.end // 1000000
        self.repeats = False       # an earlier attempt has the same token
        self.first_begin = self.begin

    def touches(self):
        return self.verb in (CREATE, UPDATE, TOUCH) or (self.verb == GET and
                                                        self.flags & TOUCHES)

    def __str__(self):
        words = [f"client {self.client}", VERBS[self.verb]]
        if self.verb == GET and self.flags & TOUCHES:
            words.append("and touch")
        if self.verb == END_OWNER:
            words.append(f"of owner {self.owner}")
        else:
            words.append(f"{'token' if self.verb == ONCE else 'key'} {self.key}")
        if self.verb == ROTATE:
            words.append(f"to {self.new_key}, grace {self.span} ms,")
        if self.verb == UPDATE:
            words.append(f"of revision {self.expected}")
        if self.flags & STRANGER:
            words.append("by a stranger")
        if self.repeats:
            words.append("again")
        words.append("-> " + self.status)
        if self.revision:
            words.append(f"revision {self.revision}")
        if self.now:
            words.append(f"at {self.now} ms")
        return " ".join(words)


class History:
    """Operations in the order of their beginning, and the settings of the store."""

    def __init__(self, operations, idle=300000, absolute=86400000, tombstone=60000,
                 touch_every=0, seed=0):
        self.operations = sorted(operations, key=lambda o: o.begin)
        self.idle, self.absolute, self.tombstone = idle, absolute, tombstone
        self.touch_every, self.seed = touch_every, seed
        first = {}
        for one in self.operations:
            if one.token:
                one.repeats = one.token in first
                one.first_begin = first.setdefault(one.token, one.begin)

    def idle_of(self, one):
        return one.idle or self.idle

    def every_of(self, one):
        """How late a record may expire: a throttle made for the store's idle is cut short."""
        if one.idle and one.idle < self.idle:
            return min(self.touch_every, one.idle // 10)
        return self.touch_every

    def counts(self):
        """{(verb, status): how many}."""
        out = {}
        for one in self.operations:
            what = (VERBS[one.verb], one.status)
            out[what] = out.get(what, 0) + 1
        return out


def read(path):
    """The history in the journals PATH.0, PATH.1 and so on."""
    operations, settings = [], None
    for name in sorted(glob.glob(glob.escape(path) + ".[0-9]*")):
        with open(name, "rb") as file:
            _, seed, idle, absolute, tombstone, every, own = HEADER.unpack(file.read(HEADER.size))
            settings = (idle, absolute, tombstone, every, seed)
            while True:
                block = file.read(RECORD.size * 4096)
                for fields in RECORD.iter_unpack(block[:len(block) // RECORD.size * RECORD.size]):
                    if fields[0] == 0:
                        block = b""
                        break
                    operations.append(Operation(fields, own))
                if not block:
                    break
    if settings is None:
        raise FileNotFoundError("no journals " + path)
    return History(operations, *settings)

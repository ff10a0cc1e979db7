"""What a store promises, by name, and how a promise is said to be broken."""
from journal import (CREATE, DELETE, END_OWNER, EXISTS, GET, ONCE, ROTATE, TOUCH, UPDATE)

ONE_WRITE = "a revision is made by one write"
WRITTEN = "what is seen was written before"
STALE = "no read is stale and no update is lost"
PAYLOAD = "a payload is that of its revision"
REPEATED = "a repeated write is applied once"
CREATED = "only a create begins a record"
ENDED = "what has ended never comes back"
OWNER_ENDED = "the end of an owner ends all records of it"
GRACE = "a retired key reads for its grace and no longer"
FOUND = "a live record is found"
EARLY = "nothing expires early"
LATE = "nothing expires late"
MOVED = "a touch moves the idle expiry"
CAUSE = "a record is revoked by somebody"
TOMBSTONE = "a tombstone is held"
IN_USE = "a key is in use only while its record lives"
OWNER = "a record is its owner's"
REDEEMED = "a token is redeemed once"
TYPED = "a result is one of those promised"

VERBS_THAT_SEE = (CREATE, UPDATE, GET, TOUCH, EXISTS)
GONE = ("NOTFOUND", "EXPIRED", "REVOKED")
FAILED = ("UNAVAILABLE", "UNKNOWN")
RESULTS = {
    CREATE: ("OK", "EXISTS", "EXPIRED", "REVOKED"),
    UPDATE: ("OK", "CONFLICT") + GONE, GET: ("OK",) + GONE, TOUCH: ("OK",) + GONE,
    EXISTS: ("OK",) + GONE, DELETE: ("OK",), ROTATE: ("OK", "EXISTS", "CONFLICT") + GONE,
    END_OWNER: ("OK",), ONCE: ("OK", "EXISTS"),
}


class Violation:
    """A broken promise, in words and with the operations that show it."""

    def __init__(self, promise, text, *operations, lost=()):
        self.promise, self.text, self.operations = promise, text, operations
        self.lost = lost  # acknowledged writes that are gone

    def __str__(self):
        shown = "; ".join(str(o) for o in self.operations)
        return f"{self.promise}: {self.text}: {shown}"

"""Operations by the record that they met."""
from bisect import bisect_left

from journal import EVER, GET


class Life:
    """What was seen of one record under one key."""

    def __init__(self, key, created, deadline):
        self.key, self.created, self.deadline = key, created, deadline
        self.sights = []   # in the order of their beginning
        self.maker = None  # the first attempt of the create or rotation; None: nobody's
        self.source = None  # the life that a rotation moved here
        self.first_end = EVER  # from then on it surely was
        self.first_sight = None
        self.born = 0      # not before
        self.touches = []  # [(store's ms, operation, surely)] by begin; the source's too
        self.latest = []   # of the same: latest expiry by then, whose, latest of the others
        self.sure = []     # [(end, until when it surely lives)], of the touches that are over
        self.unlimited = []
        self.retired = EVER  # when a rotation away from here may have begun
        self.dead_from = EVER  # when it had surely ended
        self.contents = {}  # {revision: digests it may have}

    def see(self, one):
        self.sights.append(one)
        if one.end < self.first_end:
            self.first_end, self.first_sight = one.end, one

    def is_sure(self, one):
        """Whether a touch surely moved the expiry: repetitions and retired keys need not."""
        return not one.repeats and (one.verb != GET or one.end < self.retired)

    def sure_until(self, begin):
        """Until when it surely lives, by what was over before begin."""
        at = bisect_left(self.sure, begin, key=lambda t: t[0])
        return min(self.sure[at - 1][1] if at > 0 else 0, self.deadline or EVER)

    def last(self, now):
        """The last touch by then, to be shown; none or one."""
        return [one for least, one, _ in self.touches if now is None or least <= now][-1:]


class Key:
    """What happened under one key."""

    def __init__(self):
        self.lives = {}
        self.makers = []   # creates and rotations hither that may have happened, first attempts
        self.unknown_makers = []  # of these the ones that nobody has heard of again
        self.unknown_updates = []
        self.unknown_touches = []
        self.ends = []     # deletes, rotations away and ends of the owner that may have happened
        self.misses = []
        self.in_use = []   # creates that met EXISTS

"""A TCP proxy that counts who speaks when, and does to what passes what networks do.

A fault is a function of a link, one direction of a connection, and what its source has said. It
returns what passes: pieces, each with the seconds it takes, None for until the proxy is healed; or
raises ConnectionResetError. As in a network, nothing that was sent vanishes from the middle of a
connection, and what a client sent before it hung up may still arrive.
"""
import collections
import contextlib
import queue
import random
import selectors
import socket
import struct
import threading
import time

CLIENT, SERVER = "client", "server"


def says(what):
    """The server says something else."""
    return lambda link, data: [(0, what if link.name == SERVER else data)]


def delay(seconds):
    return lambda link, data: [(seconds, data)]


def dribble(seconds):
    """Byte by byte, that far apart."""
    return lambda link, data: [(i * seconds, data[i:i + 1]) for i in range(len(data))]


def blackhole(name):
    """What this side says does not arrive."""
    return lambda link, data: [(None if link.name == name else 0, data)]


def reset_after(most):
    """A connection is reset when the server has said so many bytes, up to most, by chance."""
    def fault(link, data):
        if link.name == SERVER:
            link.budget = random.randrange(most) if link.budget is None else link.budget
            link.budget -= len(data)
            if link.budget < 0:
                raise ConnectionResetError
        return [(0, data)]
    return fault


def corrupt(share):
    """A bit of so many of the pieces is wrong."""
    def fault(_, data):
        if random.random() < share:
            data = bytearray(data)
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        return [(0, bytes(data))]
    return fault


class Link:
    """One direction of a connection."""

    def __init__(self, source, target, name):
        self.source, self.target, self.name = source, target, name
        self.held = collections.deque()  # of (when it is due, data)
        self.back = None                 # the other direction
        self.ended = False               # its source says no more
        self.shut = False                # and its target knows
        self.lost = False                # whatever it says is for nobody
        self.budget = None


class Proxy:
    """Forwards connections to a loopback port in a thread of its own."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = self.turns = self.sends = 0
        self.last = None
        self.fault = None
        self.links = {}  # by source
        self.lock = threading.Lock()
        self.orders = queue.SimpleQueue()
        self.mouth, self.ear = socket.socketpair()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(self.ear, selectors.EVENT_READ, self.obey)
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def reset(self):
        """Count from nought."""
        with self.lock:
            self.turns = self.sends = 0
            self.last = None

    # -- orders from other threads --------------------------------------------------------------

    def order(self, what):
        done = threading.Event()
        self.orders.put((what, done))
        self.mouth.send(b".")
        done.wait(10)

    def obey(self, _):
        self.ear.recv(1)
        what, done = self.orders.get()
        what()
        done.set()

    def heal(self):
        """What passes from now on passes as it is, after what was held back."""
        def now():
            self.fault = None
            for link in self.links.values():
                link.held = collections.deque((0, data) for _, data in link.held)
        self.order(now)

    def cut(self):
        """End every connection, as both ends can see."""
        self.order(lambda: [self.drop(link) for link in list(self.links.values())])

    def lose(self):
        """Both ends of every connection believe in it for ever; nothing passes."""
        def now():
            for link in self.links.values():
                link.lost = True
                link.held.clear()
        self.order(now)

    @contextlib.contextmanager
    def broken(self, fault):
        self.fault = fault
        try:
            yield
        finally:
            self.heal()

    # -- the thread ------------------------------------------------------------------------------

    def run(self):
        while self.running:
            for key, _ in self.selector.select(self.patience()):
                key.data(key.fileobj)
            self.give()

    def patience(self):
        due = [l.held[0][0] for l in self.links.values() if l.held and l.held[0][0] is not None]
        return min(0.05, max(0, min(due) - time.monotonic())) if due else 0.05

    def accept(self, listener):
        client = listener.accept()[0]
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        self.connections += 1
        one, other = Link(client, server, CLIENT), Link(server, client, SERVER)
        one.back, other.back = other, one
        for link in (one, other):
            link.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.links[link.source] = link
            self.selector.register(link.source, selectors.EVENT_READ, self.take)

    def take(self, source):
        link = self.links.get(source)
        if link is None:
            return
        try:
            data = source.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self.end(link)
            return
        self.count(link.name)
        if link.lost:
            return
        try:
            self.hold(link, self.fault(link, data) if self.fault else [(0, data)])
        except ConnectionResetError:
            for one in (link, link.back):
                one.source.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.drop(link)

    def count(self, name):
        with self.lock:
            if name == CLIENT:
                self.sends += 1
                self.turns += self.last != CLIENT
            self.last = name

    @staticmethod
    def hold(link, pieces):
        now = time.monotonic()
        for seconds, data in pieces:
            before = link.held[-1][0] if link.held else 0
            never = seconds is None or before is None
            link.held.append((None if never else max(before, now + seconds), data))

    def end(self, link):
        """Its source has hung up: the other side hears of it after all that was said before."""
        link.ended = True
        self.selector.unregister(link.source)
        if link.lost:
            self.drop_if_over(link)

    def give(self):
        now = time.monotonic()
        for link in list(self.links.values()):
            try:
                while link.held and link.held[0][0] is not None and link.held[0][0] <= now:
                    link.target.sendall(link.held.popleft()[1])
                if link.ended and not link.held and not link.lost and not link.shut:
                    link.shut = True
                    link.target.shutdown(socket.SHUT_WR)
                    self.drop_if_over(link)
            except OSError:
                self.drop(link)

    def drop_if_over(self, link):
        if link.ended and link.back.ended and not link.held and not link.back.held:
            self.drop(link)

    def drop(self, link):
        for one in (link, link.back):
            if self.links.pop(one.source, None) is not None:
                if not one.ended:
                    self.selector.unregister(one.source)
                one.source.close()

    def stop(self):
        self.running = False
        self.thread.join()
        for link in list(self.links.values()):
            link.source.close()
        for one in (self.listener, self.mouth, self.ear):
            one.close()
        self.selector.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

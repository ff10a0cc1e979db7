"""A TCP proxy that counts who speaks when, and can stop, cut and change what passes."""
import selectors
import socket
import threading


class Proxy:
    """Forwards connections to a loopback port in a thread of its own."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.connections = self.turns = self.sends = 0
        self.last = None
        self.change = lambda data: data  # of what the server says
        self.pairs = {}
        self.lock = threading.Lock()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.running = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def reset(self):
        with self.lock:
            self.turns = self.sends = 0
            self.last = None

    def run(self):
        while self.running:
            for key, _ in self.selector.select(0.05):
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.forward(key.fileobj)

    def accept(self):
        client = self.listener.accept()[0]
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        self.connections += 1
        for one, other, name in ((client, server, "client"), (server, client, "server")):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs[one] = (other, name)
            self.selector.register(one, selectors.EVENT_READ)

    def forward(self, source):
        if source not in self.pairs:
            return
        other, name = self.pairs[source]
        try:
            data = source.recv(1 << 20)
            with self.lock:
                if data and name == "client":
                    self.sends += 1
                    self.turns += self.last != "client"
                self.last = name if data else self.last
            if name == "server" and data:
                data = self.change(data)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        self.cut(source)

    def cut(self, source):
        for one in (source, self.pairs[source][0]):
            if one in self.pairs:
                del self.pairs[one]
                self.selector.unregister(one)
                one.close()

    def stop(self):
        self.running = False
        self.thread.join()
        for one in list(self.pairs):
            one.close()
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

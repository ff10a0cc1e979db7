"""Private Redis servers for tests: each in a folder of its own, ended by its own process id."""
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Refused(Exception):
    """What a server answered with an error."""


class Client:
    """Just enough of RESP to command a server."""

    def __init__(self, path=None, port=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.settimeout(20)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        out = b"*%d\r\n" % len(words)
        for word in words:
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(out)
        return self.reply()

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.file.read(size + 2)[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self.reply() for _ in range(int(rest))]
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise Refused(rest.decode())
        if not kind:
            raise ConnectionError("the server hung up")
        return rest.decode()

    def close(self):
        self.file.close()
        self.socket.close()


class Server:
    """One redis-server, on a unix socket and a loopback port."""

    def __init__(self, *options, port=None):
        self.folder = tempfile.mkdtemp(prefix="mcpsess-redis-")
        self.path = os.path.join(self.folder, "socket")
        self.port = port or free_port()
        self.options = [str(o) for o in options]
        self.process = None
        self.start()

    def command(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--unixsocket",
                self.path, "--save", "", "--dir", self.folder, "--logfile",
                os.path.join(self.folder, "log"), "--daemonize", "no", *self.options]

    def start(self):
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                client = Client(path=self.path)
                client.close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("redis-server does not start: " + self.log()) from error
                time.sleep(0.01)

    def log(self):
        try:
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
                return file.read()[-2000:]
        except OSError:
            return ""

    def client(self):
        return Client(path=self.path)

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()

    def restart(self):
        self.kill()
        if os.path.exists(self.path):
            os.remove(self.path)
        self.start()

    def unix(self, **parameters):
        return uri(f"redis+unix://{self.path}", parameters)

    def tcp(self, **parameters):
        return uri(f"redis://127.0.0.1:{self.port}", parameters)

    def stop(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Sentinel(Server):
    """One sentinel that watches a primary under the name "ours"."""

    def __init__(self, primary, quorum=2):
        self.primary, self.quorum = primary, quorum
        super().__init__()

    def command(self):
        name = os.path.join(self.folder, "conf")
        if not os.path.exists(name):
            with open(name, "w", encoding="utf-8") as file:
                print(f"sentinel monitor ours 127.0.0.1 {self.primary.port} {self.quorum}",
                      "sentinel down-after-milliseconds ours 500",
                      "sentinel failover-timeout ours 3000", sep="\n", file=file)
        return ["redis-server", name, "--sentinel", "--port", str(self.port), "--bind",
                "127.0.0.1", "--unixsocket", self.path, "--dir", self.folder, "--logfile",
                os.path.join(self.folder, "log"), "--daemonize", "no"]


class Watched:
    """A primary, a replica, and three sentinels that watch them."""

    def __init__(self):
        self.servers = [Server("--repl-diskless-sync-delay", 0)]
        self.servers.append(Server("--repl-diskless-sync-delay", 0,
                                   "--replicaof", f"127.0.0.1 {self.servers[0].port}"))
        self.sentinels = [Sentinel(self.servers[0]) for _ in range(3)]
        wait_for(lambda: all(self.knows(s) for s in self.sentinels) and
                 b"master_link_status:up" in self.servers[1].client()("INFO", "replication"),
                 "the sentinels to meet")

    @staticmethod
    def knows(sentinel):
        fields = sentinel.client()("SENTINEL", "MASTER", "ours")
        fields = dict(zip(fields[::2], fields[1::2]))
        return fields[b"num-other-sentinels"] == b"2" and fields[b"num-slaves"] == b"1"

    def of(self, role):
        """The first server that says so; None: none does."""
        alive = [s for s in self.servers if s.process.poll() is None]
        return next((s for s in alive if s.client()("ROLE")[0] == role), None)

    def primary(self):
        return self.of(b"master")

    def replica(self):
        return self.of(b"slave")

    def fail_over(self):
        self.sentinels[0].client()("SENTINEL", "FAILOVER", "ours")

    def uri(self, **parameters):
        places = ",".join(f"127.0.0.1:{s.port}" for s in self.sentinels)
        return uri(f"redis+sentinel://{places}/ours", parameters)

    def stop(self):
        for server in self.sentinels + self.servers:
            server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def low_port():
    """A free port whose sum with 10 000, a cluster's bus, is a free port too."""
    while True:
        port = random.randrange(20000, 30000)
        try:
            with socket.create_server(("127.0.0.1", port)), \
                    socket.create_server(("127.0.0.1", port + 10000)):
                return port
        except OSError:
            continue


class Cluster:
    """Three primaries with a replica each."""

    def __init__(self):
        self.nodes = [Server("--cluster-enabled", "yes", "--cluster-node-timeout", 1000,
                             "--cluster-config-file", "nodes", port=low_port())
                      for _ in range(6)]
        places = [f"127.0.0.1:{node.port}" for node in self.nodes]
        made = subprocess.run(["redis-cli", "--cluster", "create", *places, "--cluster-replicas",
                               "1", "--cluster-yes"], stdout=subprocess.PIPE, check=False,
                              stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, text=True)
        if made.returncode != 0:
            self.stop()
            raise RuntimeError("no cluster: " + made.stdout)
        wait_for(lambda: all(self.is_whole(n.client()) for n in self.nodes), "the cluster")

    @staticmethod
    def is_whole(client):
        """As a node sees it: every slot served, every primary with a replica in step."""
        return b"cluster_state:ok" in client("CLUSTER", "INFO") and \
            b"master_link_status:down" not in client("INFO", "replication") and \
            all(len(one) == 4 for one in client("CLUSTER", "SLOTS"))

    def of(self, tag):
        """The primary and the replicas of a hash tag's slot."""
        by_port = {node.port: node for node in self.nodes}
        alive = next(n for n in self.nodes if n.process.poll() is None)
        slot = alive.client()("CLUSTER", "KEYSLOT", tag)
        for first, last, *nodes in alive.client()("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return [by_port[node[1]] for node in nodes]
        raise RuntimeError("nobody serves the slot")

    def primary(self, tag="mcp:session:"):
        return self.of(tag)[0]

    def fail_over(self, tag="mcp:session:"):
        self.of(tag)[1].client()("CLUSTER", "FAILOVER")

    def uri(self, **parameters):
        places = ",".join(f"127.0.0.1:{n.port}" for n in self.nodes[:3])
        return uri(f"redis+cluster://{places}", parameters)

    def stop(self):
        for node in self.nodes:
            node.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def wait_for(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("waited in vain for " + what)
        time.sleep(0.05)


def uri(place, parameters):
    words = [f"{name}={value}" for name, value in parameters.items()]
    return place + ("?" + "&".join(words) if words else "")

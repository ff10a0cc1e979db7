"""What breaks. Each fault is a context: inside it the thing is broken, after it it is not."""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

import postgres
import proxy as wire
import redis


class CannotBeMade(Exception):
    """Not on this machine, by this user."""


class Fault:
    """A fault, and what may come of it."""

    def __init__(self, name, act, lasts=1.0, **facts):
        self.name, self.act, self.lasts = name, act, lasts
        self.noticed = facts.get("noticed", True)      # some calls fail; else none may
        # Whatever is not to be noticed is not, be the machine never so busy.
        self.timeout_ms = 2000 if self.noticed is False else 400
        self.recovers = facts.get("recovers", 3.0)     # seconds, at most
        self.loses = facts.get("loses", False)         # by design: counted and told
        self.store = facts.get("store", "plain")       # which of the servers
        self.excused = facts.get("excused", ())        # clients that cannot be in time
        self.mend = facts.get("mend", lambda scene: None)  # when it has passed


def repeated(what, times=4, every=0.2):
    """As a context: all of it happens inside."""
    @contextlib.contextmanager
    def act(scene):
        for _ in range(times):
            what(scene)
            time.sleep(every)
        yield
    return act


def through(fault):
    @contextlib.contextmanager
    def act(scene):
        with scene.proxy.broken(fault):
            yield
    return act


NETWORK = [
    Fault("connections cut", repeated(lambda scene: scene.proxy.cut()), 0, store="proxied"),
    Fault("connections half-open", repeated(lambda scene: scene.proxy.lose(), 1), 0.6,
          store="proxied"),
    Fault("all 50 ms later", through(wire.delay(0.05)), noticed=False, store="proxied"),
    Fault("all 1 s later", through(wire.delay(1)), 1.2, store="proxied"),
    Fault("byte by byte", through(wire.dribble(0.0001)), noticed=False, store="proxied"),
    Fault("reset after up to 20 KB", through(wire.reset_after(20000)), store="proxied"),
    Fault("requests do not arrive", through(wire.blackhole(wire.CLIENT)), store="proxied"),
    Fault("answers do not arrive", through(wire.blackhole(wire.SERVER)), store="proxied"),
    Fault("bits flipped, under TLS", through(wire.corrupt(0.02)), store="secured"),
]


# -- pods ----------------------------------------------------------------------------------------

@contextlib.contextmanager
def pod_killed(scene):
    scene.pods.all[0].kill()
    yield
    scene.pods.start()


@contextlib.contextmanager
def pod_stopped(scene):
    scene.pods.all[0].process.send_signal(signal.SIGSTOP)
    yield
    scene.pods.all[0].process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def clocks_apart(scene):
    scene.pods.start(LD_PRELOAD=os.path.join(scene.build, "tests/e2e/clock-shift.so"))
    yield


PODS = [
    Fault("a pod killed (SIGKILL), another started", pod_killed, 0.5, noticed=False),
    Fault("a pod stopped (SIGSTOP)", pod_stopped, noticed=None, excused=(0, 1)),
    Fault("pods' clocks an hour apart", clocks_apart, noticed=False),
]


# -- a small disk --------------------------------------------------------------------------------

class SmallDisk:
    """A folder on a file system of its own; needs root."""

    def __init__(self, megabytes, user=None):
        self.folder = tempfile.mkdtemp(prefix="mcpsess-disk-")
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755",
                               "tmpfs", self.folder], stderr=subprocess.DEVNULL, check=False)
        if made.returncode != 0:
            os.rmdir(self.folder)
            raise CannotBeMade("not tried: no right to mount a small file system")
        if user:
            shutil.chown(self.folder, user, user)

    @contextlib.contextmanager
    def full(self):
        name = os.path.join(self.folder, "filler")
        with open(name, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        try:
            yield
        finally:
            os.remove(name)

    def stop(self):
        subprocess.run(["umount", "-l", self.folder], check=False)
        os.rmdir(self.folder)


@contextlib.contextmanager
def disk_full(scene):
    with scene.disk.full():
        yield


# -- Redis ---------------------------------------------------------------------------------------

@contextlib.contextmanager
def redis_stopped(scene):
    scene.server.send(signal.SIGSTOP)
    yield
    scene.server.send(signal.SIGCONT)


@contextlib.contextmanager
def redis_killed(scene):
    scene.server.kill()
    yield
    scene.server.restart()


def redis_command(*words):
    return lambda scene: scene.server.client()(*words)


@contextlib.contextmanager
def memory_full(scene):
    scene.server.client()("CONFIG", "SET", "maxmemory", 1)
    yield
    scene.server.client()("CONFIG", "SET", "maxmemory", 0)


@contextlib.contextmanager
def primary_killed(scene):
    scene.server.primary().kill()
    yield


@contextlib.contextmanager
def primary_killed_ahead(scene):
    """It has lost its replica a little before, and writes on."""
    scene.server.replica().client()("CONFIG", "SET", "masterauth", "wrong")
    scene.server.primary().client()("CLIENT", "KILL", "TYPE", "replica")
    time.sleep(0.3)
    scene.server.primary().kill()
    yield


@contextlib.contextmanager
def failover_asked(scene):
    before = scene.server.primary()
    scene.server.fail_over()
    redis.wait_for(lambda: scene.server.primary() is not before, "the failover")
    yield


def replica_again(scene):
    """What was the primary comes back as a replica."""
    redis.wait_for(lambda: scene.server.primary() is not None, "the failover")
    dead = next(s for s in scene.server.servers if s.process.poll() is not None)
    dead.options = ["--replicaof", f"127.0.0.1 {scene.server.primary().port}"]
    dead.restart()


REDIS = [
    Fault("server stopped (SIGSTOP)", redis_stopped),
    Fault("server killed (SIGKILL), started again", redis_killed, 0.5, store="durable"),
    Fault("server killed without `appendonly`, started again", redis_killed, 0.5, loses=True),
    Fault("`CLIENT KILL`", repeated(redis_command("CLIENT", "KILL", "TYPE", "normal")), 0),
    Fault("`CLIENT PAUSE`", repeated(redis_command("CLIENT", "PAUSE", 1000), 1, 1.0), 0),
    Fault("`SCRIPT FLUSH`", repeated(redis_command("SCRIPT", "FLUSH")), 0, noticed=False),
    Fault("memory full (`maxmemory`)", memory_full),
    Fault("disk full", disk_full, store="small"),
]

FAILOVER = [
    Fault("Sentinel: failover asked for", failover_asked, 0, store="watched", noticed=None,
          loses=True, recovers=12.0),
    Fault("Sentinel: failover asked for, `wait=1`", failover_asked, 0, store="waited",
          recovers=12.0),
    Fault("Sentinel: primary killed", primary_killed, 0, store="watched", loses=True,
          recovers=12.0),
    Fault("Sentinel: primary killed 0.3 s after it lost its replica", primary_killed_ahead, 0,
          store="watched", loses=True, recovers=12.0),
    Fault("Sentinel: the same, `wait=1`", primary_killed_ahead, 0, store="waited",
          mend=replica_again,
          recovers=12.0),
    Fault("Cluster: failover asked for", failover_asked, 0, store="cluster", noticed=None,
          recovers=12.0),
    Fault("Cluster: primary killed", primary_killed, 0, store="cluster", loses=True,
          recovers=12.0),
]


# -- PostgreSQL ------------------------------------------------------------------------------------

ENDED = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mcpsess'"


@contextlib.contextmanager
def postgres_stopped(scene):
    scene.server.send_all(signal.SIGSTOP)
    yield
    scene.server.send_all(signal.SIGCONT)


@contextlib.contextmanager
def postgres_killed(scene):
    scene.server.kill()
    yield
    scene.server.start()


@contextlib.contextmanager
def postgres_crashed(scene):
    scene.server.crash()
    yield
    scene.server.start()


@contextlib.contextmanager
def connections_exhausted(scene):
    held = []
    with postgres.Session(scene.server) as admin:
        while admin("select count(*) from pg_stat_activity "
                    "where application_name = 'mcpsess'") != "0":
            admin(ENDED)
            held += iter(scene.server.occupy, None)
    yield
    for one in held:
        one.close()


@contextlib.contextmanager
def table_locked(scene):
    with postgres.Session(scene.server, f"begin; lock table {scene.schema}.session"):
        yield


def answers_lost(scene):
    """What was asked is done, and nobody hears of it."""
    with scene.proxy.broken(wire.blackhole(wire.SERVER)):
        time.sleep(0.1)
        scene.proxy.cut()


POSTGRES = [
    Fault("server stopped (SIGSTOP)", postgres_stopped),
    Fault("server killed (SIGKILL), started again", postgres_killed, 0.5),
    Fault("`pg_terminate_backend`", repeated(lambda scene: scene.server(ENDED)), 0),
    Fault("restarted in immediate mode", postgres_crashed, 0.5),
    Fault("`max_connections` exhausted", connections_exhausted),
    Fault("table locked", table_locked),
    Fault("connections behind PgBouncer cut", repeated(answers_lost), 0, store="pooled"),
    Fault("disk full", disk_full, store="small"),
]


# -- a standby that is promoted --------------------------------------------------------------------

@contextlib.contextmanager
def promoted_behind(scene):
    """The primary has lost its standby a little before, and writes on."""
    scene.standby("alter system set primary_conninfo = ''")
    scene.standby("select pg_reload_conf()")
    time.sleep(0.3)
    scene.server.kill()
    scene.standby.take_over()
    yield


PROMOTION = [
    Fault("PostgreSQL: primary killed 0.3 s after it lost its standby", promoted_behind, 0,
          loses=True, store="asynchronous", recovers=12.0),
    Fault("PostgreSQL: the same, `synchronous_standby_names`", promoted_behind, 0,
          store="synchronous", recovers=12.0),
]

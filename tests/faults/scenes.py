"""Where faults happen: a store on private servers, whole at first."""
import os
import shutil
import subprocess
import tempfile

import postgres
import redis
from catalogue import SmallDisk
from pods import HERE, settings
from proxy import Proxy


def certificates(owner=None):
    """A folder with them; an owner may read what only an owner may."""
    folder = tempfile.mkdtemp(prefix="mcpsess-tls-")
    os.chmod(folder, 0o755)
    subprocess.run([os.path.join(HERE, "../servers/certificates.sh"), folder], check=True)
    if owner and os.getuid() == 0:
        shutil.chown(os.path.join(folder, "server.key"), owner)
    return folder


class Scene:
    """What all of them have: a server or several, a URI, perhaps a proxy before it."""

    def __init__(self, build, fault):
        self.build, self.settings = build, settings(fault.timeout_ms)
        self.server = self.proxy = self.uri = self.pods = self.disk = None
        self.rubbish = []  # folders

    def stop(self):
        if self.proxy:
            self.proxy.stop()
        self.server.stop()
        if self.disk:
            self.disk.stop()
        for folder in self.rubbish:
            shutil.rmtree(folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class OnRedis(Scene):
    """One Redis, or some that watch each other."""

    def __init__(self, build, fault):
        super().__init__(build, fault)
        getattr(self, fault.store)()

    def plain(self, *options):
        self.server = redis.Server(*options)
        self.uri = self.server.tcp(**self.settings)

    def proxied(self):
        self.plain()
        self.proxy = Proxy(self.server.port)
        self.uri = redis.uri(f"redis://127.0.0.1:{self.proxy.port}", self.settings)

    def secured(self):
        folder, port = certificates(), redis.free_port()
        self.rubbish.append(folder)
        self.plain("--tls-port", port, "--tls-auth-clients", "no", "--tls-cert-file",
                   folder + "/server.crt", "--tls-key-file", folder + "/server.key",
                   "--tls-ca-cert-file", folder + "/ca.crt")
        self.proxy = Proxy(port)
        self.uri = redis.uri(f"rediss://127.0.0.1:{self.proxy.port}",
                             {**self.settings, "tls_ca": folder + "/ca.crt"})

    def durable(self):
        self.plain("--appendonly", "yes", "--appendfsync", "always")

    def small(self):
        self.disk = SmallDisk(32)
        self.plain("--appendonly", "yes", "--dir", self.disk.folder)

    def watched(self, **parameters):
        self.server = redis.Watched()
        self.uri = self.server.uri(**self.settings, **parameters)

    def waited(self):
        self.watched(wait=1)

    def cluster(self):
        self.server = redis.Cluster()
        self.uri = self.server.uri(**self.settings)


class OnPostgres(Scene):
    """One PostgreSQL, the same for all faults."""
    server = folder = pooler = None

    def __init__(self, build, fault):
        super().__init__(build, fault)
        self.schema = fault.store
        cls = OnPostgres
        if cls.server is None:
            cls.folder = certificates(postgres.USER_OF_SYSTEM)
            cls.server = postgres.Server(
                fsync="off", max_connections=40, ssl="on", ssl_ca_file=cls.folder + "/ca.crt",
                ssl_cert_file=cls.folder + "/server.crt", ssl_key_file=cls.folder + "/server.key")
        self.server = cls.server
        getattr(self, fault.store)()

    def at(self, port, **parameters):
        return postgres.uri(f"postgresql://{postgres.USER}@127.0.0.1:{port}/postgres", {
            "schema": self.schema, "migrate": "create", "gssencmode": "disable", **self.settings,
            **parameters})

    def plain(self):
        self.uri = self.at(self.server.port, sslmode="disable")

    def proxied(self):
        self.proxy = Proxy(self.server.port)
        self.uri = self.at(self.proxy.port, sslmode="disable")

    def secured(self):
        self.proxy = Proxy(self.server.port)
        self.uri = self.at(self.proxy.port, sslmode="verify-full",
                           sslrootcert=self.folder + "/ca.crt")

    def pooled(self):
        self.proxy = Proxy(self.server.port)
        self.pooler = postgres.Pooler(self.proxy)
        self.uri = self.at(self.pooler.port, sslmode="disable")

    def small(self):
        self.disk = SmallDisk(4, postgres.USER_OF_SYSTEM)
        self.server(f"create tablespace small location '{self.disk.folder}'")
        self.uri = self.at(self.server.port, sslmode="disable",
                           options="-c%20default_tablespace=small")

    def stop(self):
        if self.pooler:
            self.pooler.stop()
        if self.proxy:
            self.proxy.stop()
        if self.disk:
            self.server("drop schema small cascade")
            self.server("drop tablespace small")
            self.disk.stop()

    @classmethod
    def end(cls):
        if cls.server:
            cls.server.stop()
            shutil.rmtree(cls.folder, ignore_errors=True)


class OnPair(Scene):
    """A PostgreSQL and its standby, which a write waits for or does not."""

    def __init__(self, build, fault):
        super().__init__(build, fault)
        settings_of = {"fsync": "off"}
        if fault.store == "synchronous":
            settings_of["synchronous_standby_names"] = "*"
        self.server = postgres.Server(**settings_of)
        self.standby = postgres.Standby(self.server, fsync="off")
        redis.wait_for(lambda: self.server("select count(*) from pg_stat_replication "
                                           "where state = 'streaming'") == "1", "the standby")
        self.uri = postgres.uri(
            f"postgresql://{postgres.USER}@127.0.0.1:{self.server.port},"
            f"127.0.0.1:{self.standby.port}/postgres",
            {"migrate": "create", "sslmode": "disable", "gssencmode": "disable", **self.settings})

    def stop(self):
        self.standby.stop()
        super().stop()

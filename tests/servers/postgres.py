"""Private PostgreSQL servers and poolers for tests: ended by their own process ids."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

USER = "mcp"
USER_OF_SYSTEM = "postgres"  # the server refuses to run as root


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def program(name):
    """A program of the newest server there is; Debian keeps them out of the way."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name))
    return found[-1] if found else name


def unprivileged():
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(USER_OF_SYSTEM)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def wait_for(port, process, log):
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                with open(log, encoding="utf-8") as file:
                    raise RuntimeError("it does not start: " + file.read()[-2000:]) from error
            time.sleep(0.02)


class Server:
    """One postgres, on a unix socket and a loopback port."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="mcpsess-pg-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.port = free_port()
        self.settings = settings
        self.process = None
        os.mkdir(self.data, 0o700)
        if os.getuid() == 0:
            entry = pwd.getpwnam(USER_OF_SYSTEM)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            os.chown(self.data, entry.pw_uid, entry.pw_gid)
        subprocess.run(self.making(), check=True, cwd="/", stdout=subprocess.DEVNULL,
                       **unprivileged())
        self.start()

    def making(self):
        """What fills its folder."""
        return [program("initdb"), "-D", self.data, "-A", "trust", "-U", USER, "--no-locale",
                "-E", "UTF8", "--no-sync"]

    def start(self):
        command = [program("postgres"), "-D", self.data, "-k", self.folder, "-p", str(self.port),
                   "-c", "listen_addresses=127.0.0.1"]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", **unprivileged())
        wait_for(self.port, self.process, self.log)
        end = time.monotonic() + 30
        while subprocess.run(self.psql("select 1"), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, check=False).returncode != 0:
            if time.monotonic() > end:
                raise RuntimeError("the server does not answer")
            time.sleep(0.02)

    def psql(self, sql):
        return ["psql", "-X", "-h", self.folder, "-p", str(self.port), "-U", USER, "-qAt",
                "-v", "ON_ERROR_STOP=1", "-c", sql, "postgres"]

    def __call__(self, sql):
        run = subprocess.run(self.psql(sql), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(run.stdout)
        return run.stdout.strip()

    def use_tls(self, certificate):
        """Show a certificate of its folder, by name, from the next connection on."""
        key = os.path.join(self.folder, f"{certificate}.key")
        if os.getuid() == 0:
            entry = pwd.getpwnam(USER_OF_SYSTEM)
            os.chown(key, entry.pw_uid, entry.pw_gid)
        for name, value in (("ssl_cert_file", f"{self.folder}/{certificate}.crt"),
                            ("ssl_key_file", key), ("ssl", "on")):
            self(f"alter system set {name} = '{value}'")
        self("select pg_reload_conf()")
        end = time.monotonic() + 10
        while not self.shows(certificate) and time.monotonic() < end:
            time.sleep(0.02)

    def shows(self, certificate):
        run = subprocess.run(["psql", "-X", "-qAt", "-c", "select 1", "-d",
                              f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres "
                              f"sslmode=verify-ca sslrootcert={self.folder}/ca.crt"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=False)
        setting = self("show ssl_cert_file")
        return run.stdout == "1\n" and setting.endswith(f"/{certificate}.crt")

    def occupy(self):
        """A connection that does nothing; None when the server has none to spare."""
        one = socket.create_connection(("127.0.0.1", self.port))
        words = f"user\0{USER}\0database\0postgres\0\0".encode()
        one.sendall(struct.pack("!II", len(words) + 8, 3 << 16) + words)
        if one.recv(1) == b"R":
            return one
        one.close()
        return None

    def send(self, number):
        self.process.send_signal(number)

    def send_all(self, number):
        """To the server and to every process it has made."""
        pids = [self.process.pid]
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                  encoding="ascii") as file:
            pids += [int(word) for word in file.read().split()]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def crash(self):
        """Immediate mode: as if the power had gone."""
        self.send(signal.SIGQUIT)
        self.process.wait()

    def kill(self):
        self.send_all(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tcp(self, **parameters):
        return uri(f"postgresql://{USER}@127.0.0.1:{self.port}/postgres", parameters)

    def unix(self, **parameters):
        return uri(f"postgresql://{USER}@/postgres",
                   {"host": self.folder, "port": self.port, **parameters})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Standby(Server):
    """What another server streams to."""

    def __init__(self, primary, **settings):
        self.primary = primary
        super().__init__(**settings)

    def making(self):
        return [program("pg_basebackup"), "-h", self.primary.folder, "-p", str(self.primary.port),
                "-U", USER, "-D", self.data, "-R", "--no-sync", "--checkpoint=fast"]

    def take_over(self):
        self("select pg_promote()")


class Session:
    """A psql that stays, for what is done one after the other on one connection."""

    def __init__(self, server, sql=""):
        self.process = subprocess.Popen(server.psql("")[:-3] + ["postgres"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        if sql:
            self(sql)

    def __call__(self, sql):
        self.process.stdin.write(sql + ";\n\\echo done\n")
        self.process.stdin.flush()
        out = ""
        for line in self.process.stdout:
            if line == "done\n":
                break
            out += line
        return out.strip()

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Pooler:
    """One pgbouncer in transaction mode before a server."""

    def __init__(self, server, size=4):
        self.folder = tempfile.mkdtemp(prefix="mcpsess-pgb-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.log = os.path.join(self.folder, "log")
        config = os.path.join(self.folder, "ini")
        users = os.path.join(self.folder, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write(f'"{USER}" ""\n')
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[databases]\npostgres = host=127.0.0.1 port={server.port}\n"
                       "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\n"
                       f"listen_port = {self.port}\nauth_type = trust\nauth_file = {users}\n"
                       f"pool_mode = transaction\ndefault_pool_size = {size}\n"
                       "max_client_conn = 500\nserver_login_retry = 1\n")
        with open(self.log, "ab") as log:
            path = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
            self.process = subprocess.Popen([path, config], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", **unprivileged())
        wait_for(self.port, self.process, self.log)

    def tcp(self, **parameters):
        return uri(f"postgresql://{USER}@127.0.0.1:{self.port}/postgres", parameters)

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def uri(place, parameters):
    words = [f"{name}={value}" for name, value in parameters.items()]
    return place + ("?" + "&".join(words) if words else "")

#!/usr/bin/env python3
"""What an operator meets: health, metrics, the debug list, stopping, wrong settings."""
import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import tempfile
import time

import stores
from mcp import Client, Server, check, equal, free_port, initialize, opened, program, run, until


@check
def health_answers_JSON():
    with Server() as server:
        answer = server.request("GET", "/health")
        equal(answer.status, 200)
        equal(isinstance(answer.json(), dict), True, answer.body)


@check
def probes_may_come_by_any_address():
    with Server() as server:
        for path in ("/health", "/metrics"):
            equal(server.request("GET", path, headers={"Host": "10.1.2.3:3000"}).status, 200, path)
        equal(Client(server).send("GET", Host="10.1.2.3:3000").status, 403, "no client may")


@check
def metrics_are_prometheus_text_and_count():
    with Server() as server:
        client = opened(server)
        client.call("echo", message="x")
        client.session = "made-up-but-of-a-fitting-length"
        client.ask("ping")
        answer = server.request("GET", "/metrics")
        equal(answer.headers["content-type"].startswith("text/plain"), True, answer.headers)
        text = answer.body.decode()
        for line in text.strip().split("\n"):
            if not line.startswith("#"):
                float(line.rsplit(" ", 1)[1])
        for name in ("mcpsess_sessions_active", "mcpsess_sessions_created_total",
                     "mcpsess_sessions_ended_total", "mcpsess_refused_total",
                     "mcpsess_store_operations_total", "mcpsess_store_seconds",
                     "mcpsess_conflicts_total"):
            equal(f"# TYPE {name} " in text, True, name)
        equal(server.sessions(), 1, "active")
        equal(server.metric("mcpsess_sessions_created_total"), 1, "created")
        equal(server.metric('mcpsess_refused_total{cause="unknown"}'), 1, "refused")


@check
def the_debug_list_needs_its_token_and_shows_no_ids():
    with Server() as server:
        equal(server.request("GET", "/debug/sessions").status, 404, "without a token it is off")
        equal(server.request("GET", "/debug/sessions",
                             headers={"Authorization": "Bearer "}).status, 404, "empty token")
    with Server(env={"ADMIN_TOKEN": "for-operators"}) as server:
        client = opened(server)
        client.call("set_session_data", key="secret", value="hidden")
        equal(server.request("GET", "/debug/sessions").status, 401, "no token")
        equal(server.request("GET", "/debug/sessions",
                             headers={"Authorization": "Bearer for-operator"}).status, 401, "wrong")
        answer = server.request("GET", "/debug/sessions",
                                headers={"Authorization": "Bearer for-operators"})
        equal(answer.status, 200, answer.body)
        json.loads(answer.body)
        equal(client.info()["session_id"].encode() in answer.body, True, answer.body)
        equal(client.session.encode() in answer.body, False, "a whole id")
        equal(b"hidden" in answer.body, False, "data")


@check
def no_whole_id_is_ever_logged():
    with Server("--log-level", "debug", env={"DEBUG": "true"}) as server:
        clients = [opened(server) for _ in range(3)]
        for client in clients:
            client.call("echo", message="x")
            client.delete()
            client.ask("ping")
        said = server.said()
        equal(any(client.session in said for client in clients), False, said)


def answers_a_call_under_way(*options):
    """SIGTERM during a call that outlives its session's idle period: it is answered."""
    with Server("--session-timeout", "1", *options) as server:
        client = opened(server)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pending = pool.submit(client.call, "echo", message="in flight", delay=3)
            until(lambda: server.request("GET", "/health").json()["calls"] == 1)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: server.request("GET", "/health").status == 503)
            equal("in flight" in pending.result(), True)
        equal(server.process.wait(10), 0, "exit status")


@check
def a_call_in_flight_is_answered_when_SIGTERM_comes():
    answers_a_call_under_way()


@check
def a_call_in_flight_is_answered_while_the_server_goes_on_serving():
    answers_a_call_under_way("--drain-delay", "4")


def drains_during_a_call(server, pool):
    """Begin a call of a minute, and ask the server to end: what becomes of the call."""
    call = pool.submit(opened(server).call, "echo", message="long", delay=60)
    until(lambda: server.request("GET", "/health").json()["calls"] == 1)
    server.process.send_signal(signal.SIGTERM)
    until(lambda: "draining, 1 calls" in server.said())
    return call


@check
def a_call_that_outlasts_the_grace_or_a_second_signal_is_cut_short_and_answered():
    with Server() as patient, Server() as pressed, concurrent.futures.ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        waits, presses = [drains_during_a_call(server, pool) for server in (patient, pressed)]
        pressed.process.send_signal(signal.SIGTERM)
        equal("long" in presses.result(8), True)
        equal(pressed.process.wait(8), 0, "exit status after the second signal")
        equal("long" in waits.result(20), True)
        equal(patient.process.wait(8), 0, "exit status after the grace")
        equal(time.monotonic() - began > 9.5, True, "the grace was not cut")


@check
def who_comes_while_the_server_ends_is_told_to_come_again():
    page = "http://localhost:5173"
    with Server("--cors") as server:
        client, other = opened(server), Client(server, Origin=page)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pending = pool.submit(client.call, "echo", message="in flight", delay=2)
            until(lambda: server.request("GET", "/health").json()["calls"] == 1)
            other.connection.connect()
            server.process.send_signal(signal.SIGTERM)
            until(lambda: "draining, 1 calls" in server.said())
            answer = other.ask("initialize", initialize())
            pending.result()
        equal(answer.status, 503, answer.body)
        equal(answer.headers["retry-after"], "1")
        equal(answer.headers["access-control-allow-origin"], page)
        equal(answer.json()["error"]["code"], -32603)


@check
def the_printed_line_works_with_every_option():
    with tempfile.NamedTemporaryFile("w") as tokens:
        tokens.write("secret somebody\n")
        tokens.flush()
        for options in ([], ["--auth-token", tokens.name], ["--allow-host", "mcp.example.com"],
                        ["--allow-host", "*.example.com, localhost"], ["--allow-host", "*"],
                        ["--principal-header", "X-User", "--trusted-proxy", "127.0.0.0/8"],
                        ["--host", "0.0.0.0"], ["--path", "/elsewhere"]):
            with Server(*options) as server:
                until(lambda: "curl" in server.said())  # pylint: disable=cell-var-from-loop
                line = [l for l in server.said().split("\n") if l.startswith("curl ")][0]
                answer = subprocess.run(["bash", "-c", line], timeout=10, check=False, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        env={"PATH": os.environ["PATH"], "TOKEN": "secret"})
                equal(answer.stdout.split("\n")[0], "HTTP/1.1 200 OK", line)


@check
def the_help_names_the_hosts_that_are_accepted_by_default():
    said = subprocess.run([program("echo-stateful"), "--help"], timeout=10, check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    line = [l for l in said.split("\n") if "--allow-host" in l][0]
    with Server("--host", "0.0.0.0") as server:
        for host in ("localhost", "127.0.0.1", "[::1]"):
            equal(host in line, True, line)
            equal(Client(server).ask("initialize", initialize(), Host=host).status, 200, host)
        answer = Client(server).ask("initialize", initialize(), Host=socket.gethostname())
        equal(answer.status, 403, "the machine's own name is not one of them")


@check
def wrong_settings_are_refused_at_the_start_with_a_clear_text():
    wrong = [
        (["--store", "memory"], "memory"),
        (["--store", ""], "store"),
        (["--store", "memory:?max_sesions=5"], "max_sesions"),
        (["--store", "memory:?max_sesions=5"], "max_sessions"),
        (["--store", "memory:?idle=5&idle=6"], "idle"),
        (["--store", "memory:?idle=soon"], "idle"),
        (["--store", "memory:?max_bytes=0"], "max_bytes=0"),
        (["--store", "memory:max_sessions=1"], "memory:?max_sessions="),
        (["--store", "nosuch:"], "nosuch"),
        (["--protocol-version", "1999-01-01"], "1999-01-01"),
        (["--session-timeout", "soon"], "soon"),
        (["--port", "99999"], "99999"),
        (["--no-such-option"], "--no-such-option"),
        (["--auth-token", "/no/such/file"], "/no/such/file"),
    ]
    for options, named in wrong:
        port = [] if "--port" in options else ["--port", str(free_port())]
        end = subprocess.run([program("echo-stateful"), *port, *options], timeout=10, check=False,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env={}, text=True)
        equal(end.returncode in (1, 2), True, (options, end.returncode, end.stdout))
        equal(named in end.stdout, True, (options, end.stdout))


def refused_at_its_start(shared, uri, named):
    command = [program("echo-stateful"), "--port", str(free_port()), "--store", uri,
               "--module-dir", stores.module_dir(shared.name)]
    end = subprocess.run(command, timeout=20, check=False, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={}, text=True)
    equal((end.returncode, named in end.stdout), (1, True), (uri, end.stdout))


@check
def a_redis_that_must_not_serve_is_refused_at_the_start():
    with stores.open_redis() as shared:
        commands = shared.server.client()
        commands("config", "set", "maxmemory-policy", "allkeys-lru")
        refused_at_its_start(shared, shared.uri, "allkeys-lru")
        with Server("--module-dir", stores.module_dir("redis"),
                    "--store", shared.server.unix(eviction="warn")) as server:
            opened(server)
        commands("config", "set", "maxmemory-policy", "noeviction")
        place = f"127.0.0.1:{shared.server.port}"
        refused_at_its_start(shared, f"redis://{place}/99", "SELECT")
        refused_at_its_start(shared, f"rediss://{place}?tls_ca=/no/such/file", "tls_ca")
        commands("config", "set", "requirepass", "right")
        refused_at_its_start(shared, f"redis://:wrong@{place}", "WRONGPASS")
        refused_at_its_start(shared, f"redis://{place}", "NOAUTH")
        commands("config", "set", "requirepass", "")
        commands("replicaof", "127.0.0.1", free_port())
        refused_at_its_start(shared, shared.uri, "replica")
        commands.close()


@check
def a_postgres_that_must_not_serve_is_refused_at_the_start():
    with stores.open_postgres(migrate="check") as shared:
        refused_at_its_start(shared, shared.uri, "is missing")
        shared.server("create role reader login")
        creating = shared.uri.replace("migrate=check", "migrate=create")
        for name, why in (("reader", "permission denied"), ("nobody", "does not exist")):
            refused_at_its_start(shared, creating.replace("//mcp@", f"//{name}@"), why)
        place = shared.server.tcp(sslcert=__file__)
        for mode, file in (("verify-full", "sslrootcert=/no/file"), ("require", "sslkey=/no/file")):
            refused_at_its_start(shared, f"{place}&sslmode={mode}&{file}", f"{file} cannot be read")


@check
def a_postgres_whose_certificate_does_not_suit_is_refused_at_the_start():
    with stores.open_postgres(migrate="create") as shared:
        place = shared.server.tcp(migrate="create", sslmode="verify-full")
        folder = shared.server.folder
        subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                     "../servers/certificates.sh"), folder], check=True)
        refused_at_its_start(shared, f"{place}&sslrootcert={folder}/ca.crt",
                             "does not support SSL")
        shared.server.use_tls("elsewhere")
        refused_at_its_start(shared, f"{place}&sslrootcert={folder}/other-ca.crt",
                             "certificate verify failed")
        refused_at_its_start(shared, f"{place}&sslrootcert={folder}/ca.crt",
                             "does not match host name")
        shared.server.use_tls("server")
        with Server("--module-dir", stores.module_dir("postgres"), "--store",
                    f"{place}&sslrootcert={folder}/ca.crt") as server:
            opened(server)


@check
def a_postgres_that_is_down_is_waited_for_where_libpq_makes_do_without_a_file():
    place = f"postgresql://mcp@127.0.0.1:{free_port()}/postgres?sslrootcert=/no/file"
    for more in ("sslmode=require", "sslmode=require&sslcert=/no/file&sslkey=/no/file",
                 f"sslmode=prefer&sslcert={__file__}&sslkey=/no/file",
                 "sslmode=verify-full&host=/no/folder"):
        with Server("--module-dir", stores.module_dir("postgres"),
                    "--store", f"{place}&{more}") as server:
            equal(Client(server).ask("initialize", initialize()).status, 503, more)


@check
def the_environment_sets_what_the_options_do_not():
    with Server(env={"MCP_SERVER_NAME": "by-env", "MCP_SERVER_VERSION": "9.9",
                     "MCP_SESSION_TIMEOUT": "77", "PORT": "1",
                     "MCP_SESSION_STORE": "memory:?max_sessions=1"}) as server:
        client = Client(server)
        who = client.initialize()["serverInfo"]
        equal((who["name"], who["version"]), ("by-env", "9.9"))
        equal(70 <= client.info()["expires_in_seconds"] <= 77, True, client.info())
        equal(Client(server).ask("initialize", initialize()).status, 503, "a second session")
    with Server("--server-name", "by-option", env={"MCP_SERVER_NAME": "by-env"}) as server:
        equal(Client(server).initialize()["serverInfo"]["name"], "by-option")


run()

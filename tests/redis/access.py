#!/usr/bin/env python3
"""Who is let in, and by whom: passwords, the minimal ACL, TLS. And that no secret is told.

    access.py BUILD_FOLDER
"""
import os
import re
import subprocess
import sys
import tempfile

import harness
from harness import Store, check, end, misspelt_parameters, redis, until

BUILD = sys.argv[1]
SECRET = "s3cret-%/@:"
QUOTED = "s3cret-%25%2F%40%3A"


def documented_acl():
    """The rules as the backend's README gives them."""
    readme = os.path.join(harness.HERE, "..", "..", "backends", "redis", "README.md")
    with open(readme, encoding="utf-8") as file:
        line = re.search(r"ACL SETUSER mcpsess (.*)", file.read())[1]
    return [word.replace("PASSWORD", SECRET) for word in line.split()]


def with_user(uri, user):
    return uri.replace("redis+unix://", f"redis+unix://{user}@")


def passwords():
    with redis.Server("--requirepass", SECRET) as server:
        plain = server.unix()
        for uri, status in ((with_user(plain, ":" + QUOTED), "NOTFOUND"),
                            (with_user(plain, ":wrong"), "UNAVAILABLE"),
                            (plain, "UNAVAILABLE")):
            with Store(BUILD, uri) as store:
                answer = store("get any")
                check(f"a password is right, wrong or missing: {status}", answer.status == status,
                      answer)
                check("no error tells it", "s3cret" not in answer.text and
                      "wrong" not in answer.text.replace("WRONGPASS", ""), answer.text)
        with Store(BUILD, plain + "?password_env=MCPSESS_TEST", MCPSESS_TEST=SECRET) as store:
            answer = store("get any")
            check("a password comes from a variable", answer.status == "NOTFOUND", answer)
        with open(os.path.join(server.folder, "password"), "w", encoding="utf-8") as file:
            file.write(SECRET + "\n")
        with Store(BUILD, plain + "?password_file=" + file.name) as store:
            answer = store("get any")
            check("or from a file", answer.status == "NOTFOUND", answer)


def sources_that_give_none():
    with redis.Server() as server:
        empty = os.path.join(server.folder, "empty")
        with open(empty, "w", encoding="utf-8") as file:
            file.write("\n")
        for source, text in (("password_file=/nonexistent", "No such file or directory"),
                             (f"password_file={empty}", "there is nothing in it"),
                             ("password_file=/tmp", "Is a directory"),
                             ("password_env=MCPSESS_UNSET", "no such variable")):
            with Store(BUILD, server.unix() + "?" + source) as store:
                answer = store("get any")
                check(f"{source.split('=')[0]}: {text}: no connection without a password",
                      answer.status == "UNAVAILABLE" and
                      answer.text == f"{server.path}: {source}: {text}", answer)


def parameters():
    own, told = misspelt_parameters(BUILD, "redis://localhost")
    check("those of the backend are told in full", told[:len(own)] == own, told)


def rotation():
    with redis.Server("--requirepass", SECRET) as server:
        path = os.path.join(server.folder, "password")

        def write(secret):
            with open(path, "w", encoding="utf-8") as file:
                file.write(secret + "\n")

        write(SECRET)
        with Store(BUILD, server.unix() + "?password_file=" + path) as store:
            before = store("create a x")
            client = server.client()
            client("AUTH", SECRET)
            client("CONFIG", "SET", "requirepass", "n3w")
            write("n3w")
            client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            answer = until(store, "get a")[1]
            check("a password that is changed in its file is taken with the next connection",
                  before.status == answer.status == "ok", (before, answer))
            os.remove(path)
            client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            answer = until(store, "get a", "UNAVAILABLE")[1]
            check("and while there is no file there is no connection",
                  answer.status == "UNAVAILABLE", answer)
            write("n3w")
            answer = until(store, "get a")[1]
            check("until there is one again", answer.status == "ok", answer)


def under_acl(server):
    """Only who may do what is documented comes in from now on: as whom."""
    server.client()("ACL", "SETUSER", "mcpsess", *documented_acl())
    server.client()("ACL", "SETUSER", "default", "off")
    return with_user(server.unix(), "mcpsess:" + QUOTED)


def the_acl():
    with redis.Server() as server:
        uri = under_acl(server)
        with Store(BUILD, uri) as store:
            store.say("as alice")
            got = [store(line).status for line in
                   ("create a x", "rotate a b", "touch b", "once t", "ping", "list", "end_owner")]
            check("every verb does with the documented ACL", got == ["ok"] * 7, got)
        with Store(BUILD, uri + "?prefix=other:") as store:
            answer = store("create a x")
            check("and reaches no other prefix", answer.status in ("UNAVAILABLE", "UNKNOWN"),
                  answer)


def make_certificates(folder):
    subprocess.run([os.path.join(harness.HERE, "../servers/certificates.sh"), folder], check=True)


def tls_server(folder, certificate, *options):
    port = redis.free_port()
    one = redis.Server("--tls-port", port, "--tls-cert-file", f"{folder}/{certificate}.crt",
                       "--tls-key-file", f"{folder}/{certificate}.key", "--tls-ca-cert-file",
                       f"{folder}/ca.crt", *options)
    one.tls_port = port
    return one


def tls(folder):
    def file(name):
        return os.path.join(folder, name)

    def server(certificate, *options):
        return tls_server(folder, certificate, *options)

    def answer_of(uri, line="get any"):
        with Store(BUILD, uri + "&connect_timeout=500ms&timeout=900ms") as store:
            return store(line)

    with server("server", "--tls-auth-clients", "no") as one:
        for host in ("127.0.0.1", "localhost"):
            place = f"rediss://{host}:{one.tls_port}?tls_ca="
            answer = answer_of(place + file("ca.crt"))
            check(f"TLS with the right authority, {host}", answer.status == "NOTFOUND", answer)
        answer = answer_of(place + file("other-ca.crt"))
        check("another authority is refused",
              answer.status == "UNAVAILABLE" and "TLS is refused" in answer.text, answer)
        answer = answer_of(place + file("missing.crt"))
        check("a file that is not there is named",
              answer.status == "UNAVAILABLE" and "tls_ca" in answer.text, answer)
        answer = answer_of(f"rediss://127.0.0.1:{one.port}?tls_ca=" + file("ca.crt"))
        check("TLS to a plain port ends in time",
              answer.status == "UNAVAILABLE" and answer.ms < 1000, answer)
        answer = answer_of(f"redis://127.0.0.1:{one.tls_port}?db=0")
        check("plain to a TLS port ends in time",
              answer.status == "UNAVAILABLE" and answer.ms < 1000, answer)
    with server("elsewhere", "--tls-auth-clients", "no") as one:
        answer = answer_of(f"rediss://127.0.0.1:{one.tls_port}?tls_ca=" + file("ca.crt"))
        check("a certificate for another host is refused",
              answer.status == "UNAVAILABLE" and "mismatch" in answer.text, answer)
    with server("server", "--tls-auth-clients", "yes") as one:
        place = f"rediss://localhost:{one.tls_port}?tls_ca=" + file("ca.crt")
        answer = answer_of(place)
        check("who has to show a certificate and has none is refused",
              answer.status == "UNAVAILABLE", answer)
        answer = answer_of(
            place + f"&tls_cert={file('client.crt')}&tls_key={file('client.key')}")
        check("who has one is let in", answer.status == "NOTFOUND", answer)
    with server("server", "--tls-auth-clients", "no", "--tls-protocols", "TLSv1.1") as one:
        answer = answer_of(f"rediss://localhost:{one.tls_port}?tls_ca=" + file("ca.crt"))
        check("TLS 1.1 is refused", answer.status == "UNAVAILABLE", answer)


def main():
    parameters()
    passwords()
    sources_that_give_none()
    rotation()
    the_acl()
    with tempfile.TemporaryDirectory() as folder:
        make_certificates(folder)
        tls(folder)
    end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The promises of a store, on every way to reach a Redis.

    kit.py BUILD_FOLDER
"""
import sys
import tempfile

import access
import harness
from harness import redis


def main():
    build = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder, redis.Server() as server, \
            redis.Server() as guarded, redis.Watched() as watched, redis.Cluster() as cluster:
        access.make_certificates(folder)
        with access.tls_server(folder, "server", "--tls-auth-clients", "no") as secured:
            harness.run_kits(build, {
                "a unix socket, sealed": server.unix(prefix="unix:",
                                                     seal_keys_file=harness.SEAL_KEYS),
                "tcp": server.tcp(prefix="tcp:"),
                "a database of its own": server.tcp(db=3),
                "the documented ACL": access.under_acl(guarded),
                "TLS": f"rediss://localhost:{secured.tls_port}?tls_ca={folder}/ca.crt",
                "sentinels": watched.uri(),
                "a cluster": cluster.uri(),
            })
    harness.end()


if __name__ == "__main__":
    main()

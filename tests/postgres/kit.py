#!/usr/bin/env python3
"""The promises of a store, on every way to reach a PostgreSQL.

    kit.py BUILD_FOLDER
"""
import sys

import harness
from harness import postgres


def main():
    build = sys.argv[1]
    # Its durations are short: what the disk of this machine takes must not decide.
    with postgres.Server(fsync="off") as server, postgres.Pooler(server) as pooler:
        harness.run_kits(build, {
            "tcp": server.tcp(schema="tcp", migrate="create"),
            "a unix socket, sealed": server.unix(schema="unix", migrate="create",
                                                 seal_keys_file=harness.SEAL_KEYS),
            "a role whose transactions are serializable": (server.tcp(
                schema="isolated", migrate="create", options=harness.SERIALIZABLE),
                "--fast", "--only", "threads/"),
            "a pooler": pooler.tcp(schema="pooled", migrate="create"),
        })
    harness.end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Run the benchmark of the Postgres backend against a server of its own.

    postgres.py BUILD_FOLDER
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "servers"))
import postgres  # noqa: E402  # pylint: disable=wrong-import-position


def main():
    build = sys.argv[1]
    with postgres.Server(max_connections=200, shared_buffers="256MB") as server:
        run = subprocess.run([os.path.join(build, "tests/bench/postgres-bench"),
                              os.path.join(build, "backends/postgres"),
                              server.unix(migrate="create"),
                              f"host={server.folder} port={server.port} user={postgres.USER} "
                              "dbname=postgres", str(server.process.pid)], check=False)
    sys.exit(run.returncode)


if __name__ == "__main__":
    main()

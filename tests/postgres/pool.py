#!/usr/bin/env python3
"""Many threads on a pool: what sanitizers are to see of it.

    pool.py BUILD_FOLDER
"""
import sys

import harness
from harness import postgres


def main():
    build = sys.argv[1]
    options = ("--fast", "--only", "threads/")
    with postgres.Server(fsync="off") as server, postgres.Pooler(server) as pooler:
        harness.run_kits(build, {
            "a socket": (server.unix(schema="unix", migrate="create"), *options),
            "a pooler": (pooler.tcp(schema="pooled", migrate="create"), *options)})
    harness.end()


if __name__ == "__main__":
    main()

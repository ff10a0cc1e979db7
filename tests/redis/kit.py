#!/usr/bin/env python3
"""The promises of a store, on every way to reach a Redis.

    kit.py BUILD_FOLDER
"""
import sys

import harness
from harness import redis


def main():
    build = sys.argv[1]
    with redis.Server() as server:
        harness.run_kits(build, {
            "a unix socket, sealed": server.unix(prefix="unix:",
                                                 seal_keys_file=harness.SEAL_KEYS),
            "tcp": server.tcp(prefix="tcp:"),
            "a database of its own": server.tcp(db=3),
        })
    harness.end()


if __name__ == "__main__":
    main()

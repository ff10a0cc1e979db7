#!/usr/bin/env python3
"""Many threads on a pool: what sanitizers are to see of it.

    pool.py BUILD_FOLDER
"""
import sys

import harness
from harness import redis


def main():
    build = sys.argv[1]
    options = ("--fast", "--only", "threads/")
    with redis.Server() as server, redis.Cluster() as cluster:
        harness.run_kits(build, {"a socket": (server.unix(), *options),
                                 "a cluster": (cluster.uri(), *options)})
    harness.end()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""A store without memory.

    oom.py BUILD_FOLDER
"""
import os
import subprocess
import sys

from harness import redis


def main():
    build = sys.argv[1]
    with redis.Server() as server:
        run = subprocess.run([os.path.join(build, "tests/servers/store-oom"),
                              os.path.join(build, "backends/redis"), server.unix()], check=False)
    sys.exit(run.returncode)


if __name__ == "__main__":
    main()

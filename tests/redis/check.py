#!/usr/bin/env python3
"""What `mcpsess check` leaves on a Redis of each kind: nothing that lasts.

    check.py BUILD_FOLDER
"""
import os
import subprocess
import sys

from harness import check, end, modules, redis

BUILD = sys.argv[1]
TEN_MINUTES_MS = 600_000


def run(uri):
    command = [os.path.join(BUILD, "examples/mcpsess"), "check", "--only", "blocking/", "--fast",
               "--module-dir", modules(BUILD, uri), uri]
    return subprocess.run(command, timeout=120, check=False, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def left(servers):
    """How long each key has still; below 0: for ever."""
    return {key: client("PTTL", key) for client in (one.client() for one in servers)
            if client("ROLE")[0] == b"master" for key in client("KEYS", "*")}


def main():
    with redis.Server() as server, redis.Watched() as watched, redis.Cluster() as cluster:
        for name, uri, servers in (("a server", server.unix(), [server]),
                                   ("sentinels", watched.uri(), watched.servers),
                                   ("a cluster", cluster.uri(), cluster.nodes)):
            end_of_it = run(uri)
            check(f"{name}: a check passes", end_of_it.returncode == 0, end_of_it.stdout[-500:])
            lives = left(servers)
            lasting = {key: ms for key, ms in lives.items() if not 0 < ms <= TEN_MINUTES_MS}
            check(f"{name}: what it leaves ends in ten minutes", len(lives) > 100 and not lasting,
                  lasting or len(lives))
    end()


if __name__ == "__main__":
    main()

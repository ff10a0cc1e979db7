#!/usr/bin/env python3
"""A rolling restart of three servers under the load of the official TypeScript clients.

    rolling.py BUILD_FOLDER FOLDER_WITH_NODE_MODULES
"""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from mcp import equal, node_js, run  # noqa: E402 pylint: disable=wrong-import-position
from nodes import Cluster, every_store  # noqa: E402 pylint: disable=wrong-import-position


@every_store
def no_client_notices_a_rolling_restart(make):
    packages = sys.argv[2]
    script = shutil.copy(os.path.join(HERE, "rolling.mjs"), packages)  # beside its packages
    with Cluster(make, "--drain-delay", "1", balanced=("--health", "/health")) as cluster:
        url = f"http://127.0.0.1:{cluster.balancer.port}/mcp"
        with subprocess.Popen([node_js(packages), script], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE,
                              env={"PATH": os.environ["PATH"], "URL": url}) as clients:
            equal(clients.stdout.readline(), "ready\n")
            for server in cluster.nodes:
                time.sleep(0.5)
                server.stop()
                server.start()
            out = json.loads(clients.communicate(timeout=60)[0])
    equal(out["errors"], [])
    equal(out["calls"] > 100, True, out)


run()

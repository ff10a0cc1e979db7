#!/usr/bin/env python3
"""The official conformance suite against echo-stateful: its scenarios about sessions.

    official.py BUILD_FOLDER FOLDER_WITH_NODE_MODULES

Those about tools, prompts and resources want a server that has nothing but its names for them.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import mcp  # noqa: E402 pylint: disable=wrong-import-position

SCENARIOS = {
    "2025-03-26": ["server-session-lifecycle"],
    "2025-06-18": ["server-session-lifecycle", "server-initialize", "ping", "tools-list"],
    "2025-11-25": ["server-session-lifecycle", "server-initialize", "ping", "tools-list",
                   "server-sse-multiple-streams", "dns-rebinding-protection"],
}


def all_passed(output):
    """What is skipped, or checks nothing, has not passed."""
    found = re.search(r"Passed: (\d+)/(\d+), 0 failed, 0 warnings", output)
    return found is not None and found[1] == found[2] != "0"


def main():
    packages = sys.argv[2]
    node = mcp.node_js(packages)
    suite = os.path.join(packages, "node_modules/@modelcontextprotocol/conformance/dist/index.js")
    failed = 0
    with mcp.Server() as server:
        for version, scenarios in SCENARIOS.items():
            for scenario in scenarios:
                ended = subprocess.run(
                    [node, suite, "server", "--url", f"http://127.0.0.1:{server.port}/mcp",
                     "--scenario", scenario, "--spec-version", version],
                    check=False, timeout=60, text=True, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                passed = ended.returncode == 0 and all_passed(ended.stdout)
                print("ok" if passed else "FAIL", scenario, "of", version, flush=True)
                if not passed:
                    failed += 1
                    print(ended.stdout)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

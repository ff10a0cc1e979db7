#!/usr/bin/env python3
"""The official TypeScript clients against echo-stateful.

    run.py BUILD_FOLDER FOLDER_WITH_NODE_MODULES
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import mcp  # noqa: E402 pylint: disable=wrong-import-position


def main():
    packages = sys.argv[2]
    script = shutil.copy(os.path.join(HERE, "interop.mjs"), packages)  # beside its packages
    with mcp.Server() as server:
        run = subprocess.run([mcp.node_js(packages), script], check=False, timeout=120,
                             env={"PATH": os.environ["PATH"],
                                  "URL": f"http://127.0.0.1:{server.port}/mcp"})
        mcp.equal(server.sessions(), 0, "sessions left behind")
    print("ok no session is left behind")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Run a suite of a build: "ok NAME", or its log and "FAIL NAME: why", for every program.

    meson-suite.py BUILD_FOLDER SUITE
"""
import json
import os
import subprocess
import sys


def main():
    build, suite = sys.argv[1:]
    log = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.remove(log)
    run = subprocess.run(["meson", "test", "-C", build, "--no-rebuild", "--suite", suite],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if not os.path.exists(log):
        print(run.stdout)
        return 1
    with open(log, encoding="utf-8") as file:
        results = [json.loads(line) for line in file]
    for result in results:
        name = result["name"].split(" / ")[-1]
        if result["result"] == "OK":
            print("ok", name)
            continue
        output = result.get("stdout", "") + result.get("stderr", "")
        print("\n".join("    " + line for line in output.split("\n")[-200:]))
        print(f"FAIL {name}: {result['result']}")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())

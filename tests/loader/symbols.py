#!/usr/bin/env python3
"""What the built files export and need: our two prefixes, and no database.

    symbols.py SHARED_LIBRARY MODULE ARCHIVE...
"""
import re
import subprocess
import sys

OURS = re.compile(r"(mcpsess_|mcp_session_store_)\w+$")
# The compiler's own, under a sanitizer: reserved names.
COMPILER = re.compile(r"__|_fini$|_init$")
DATABASES = re.compile(r"hiredis|libpq|redis[A-Z]|PQ[a-z]")


def names(*command):
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    symbols = [line.split()[-1].split("@")[0] for line in out.split("\n") if len(line.split()) > 1]
    return {name for name in symbols if not COMPILER.match(name)}


def main():
    shared, module, *archives = sys.argv[1:]
    problems = []
    exported = {n for n in names("nm", "-D", "--defined-only", shared) if "MCPSESS_" not in n}
    if not {"mcpsess_backend_add", "mcp_session_store_open"} <= exported:
        problems.append(f"{shared} does not export what it is for")
    problems += [f"{shared} exports {n}" for n in sorted(exported) if not OURS.match(n)]
    problems += [f"{shared} exports a backend, {n}" for n in sorted(exported)
                 if n.startswith("mcpsess_backend_") and n != "mcpsess_backend_add"]
    for archive in archives:
        defined = names("nm", "-g", "--defined-only", archive)
        if not defined:
            problems.append(f"{archive} defines nothing")
        problems += [f"{archive} defines {n}" for n in sorted(defined) if not OURS.match(n)]
    needed = subprocess.run(["readelf", "-d", shared], stdout=subprocess.PIPE, text=True,
                            check=True).stdout
    undefined = names("nm", "-D", "--undefined-only", shared)
    problems += [f"{shared} needs {n}" for n in sorted(undefined | set(needed.split("\n")))
                 if DATABASES.search(n)]
    alone = {n for n in names("nm", "-D", "--defined-only", module)}
    if len(alone) != 1:
        problems.append(f"{module} exports {sorted(alone)}, not one symbol")
    problems += [f"{module} imports {n}"
                 for n in sorted(names("nm", "-D", "--undefined-only", module)) if OURS.match(n)]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The budgets and borders of the tree, one check each.

    check.py [ROOT]

Prints "ok NAME" or "FAIL NAME: what" for every check; exit status 1 if one failed.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys

FUNCTION_MAX, FUNCTION_P90, FUNCTION_MEDIAN = 70, 45, 15
FILE_MAX, COLUMNS = 500, 100
HOST_MIN, HOST_MAX = 60, 150
LARGER_HOSTS = {"examples/round-robin-lb.c": 200}

TOP_LEVEL = {"meson.build", "meson_options.txt", "README.md", "COPYING", "lib", "include",
             "backends", "tests", "examples", "pkgconfig"}

# A room may include its own headers and those of the rooms it names, directly or through them.
BELOW = {
    "base": [],
    "json": ["base"],
    "store": ["json"],
    "session": ["store"],
    "rpc": ["session"],
    "http": ["rpc"],
    "stdio": ["rpc"],
}
PUBLIC = {
    "base": ["types", "error", "log", "hooks", "version"],
    "store": ["store", "pool", "backend"],
    "session": ["session", "jansson"],
    "rpc": ["rpc", "stats"],
    "http": ["http"],
    "stdio": ["stdio"],
}
DATABASES = ("hiredis", "libpq", "postgres")

CODE = (".c", ".h", ".in", ".cpp", ".py", ".sh", ".mjs", ".lua", ".build", "_options.txt", "/run")


class Tree:
    """The files of a tree that belong to the project, and their lines."""

    def __init__(self, root):
        self.root = root
        self.files = sorted(self.tracked() or self.walked())
        self.lines = {}
        for name in self.files:
            if name.endswith(CODE):
                with open(os.path.join(root, name), encoding="utf-8") as file:
                    self.lines[name] = file.read().split("\n")

    def tracked(self):
        if not os.path.exists(os.path.join(self.root, ".git")) or not shutil.which("git"):
            return []
        names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=self.root,
                               stdout=subprocess.PIPE, text=True, check=False).stdout.split("\n")
        return [n for n in names if n and os.path.isfile(os.path.join(self.root, n))]

    def walked(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if not f.startswith("build") and
                          f not in (".git", ".cache", "node_modules", "__pycache__")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def code(self, folders, endings=(".c", ".h", ".cpp")):
        for name, lines in self.lines.items():
            if name.startswith(tuple(f + "/" for f in folders)) and name.endswith(endings):
                yield name, lines

    def includes(self, *folders):
        """Each include line below the folders: file, 1-based line, '<' or '"', what."""
        for name, lines in self.code(folders, (".c", ".h", ".cpp", ".in")):
            for number, line in enumerate(lines, 1):
                found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                if found:
                    yield name, number, found[1], found[2]


def functions(lines):
    """(first line, length) of every function: from its signature to its closing brace."""
    for at, line in enumerate(lines):
        if line != "{" or at == 0 or not re.search(r"\)[\w\s]*$", lines[at - 1]):
            continue
        first = at
        while first > 0 and not re.search(r"(^$|^#|\*/$|;$|^})", lines[first - 1]):
            first -= 1
        last = next((n for n in range(at, len(lines)) if lines[n].startswith("}")), len(lines) - 1)
        yield first + 1, last - first + 1


def functions_are_short(tree):
    lengths = []
    for name, lines in tree.code(["lib", "backends", "include", "examples"]):
        for first, length in functions(lines):
            lengths.append(length)
            if length > FUNCTION_MAX:
                yield f"{name}:{first}: a function of {length} lines, {FUNCTION_MAX} at most"
    if not lengths:
        return
    lengths.sort()
    p90 = lengths[int(len(lengths) * 0.9)] if len(lengths) > 9 else 0
    if p90 > FUNCTION_P90:
        yield f"one function in ten is longer than {p90} lines, the budget is {FUNCTION_P90}"
    if statistics.median(lengths) > FUNCTION_MEDIAN:
        yield f"the median function has {statistics.median(lengths)} lines, not {FUNCTION_MEDIAN}"


def files_are_short(tree):
    for name, lines in tree.lines.items():
        if len(lines) - 1 > FILE_MAX:
            yield f"{name}: {len(lines) - 1} lines, {FILE_MAX} at most"


def small_hosts_are_small(tree):
    for name, lines in tree.code(["examples"], (".c", ".cpp")):
        most = LARGER_HOSTS.get(name, HOST_MAX)
        if name.count("/") == 1 and not HOST_MIN <= len(lines) - 1 <= most:
            yield f"{name}: {len(lines) - 1} lines, not {HOST_MIN} to {most}"


def lines_are_narrow(tree):
    for name, lines in tree.lines.items():
        for number, line in enumerate(lines, 1):
            if len(line.expandtabs(8)) > COLUMNS:
                yield f"{name}:{number}: {len(line.expandtabs(8))} columns, {COLUMNS} at most"


def lines_end_cleanly(tree):
    for name, lines in tree.lines.items():
        if lines[-1] != "":
            yield f"{name}: no newline at the end"
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield f"{name}:{number}: space at the end of the line"


def nothing_is_left_for_later(tree):
    later = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for name, lines in tree.lines.items():
        for number, line in enumerate(lines, 1):
            if later.search(line):
                yield f"{name}:{number}: {line.strip()}"


def the_top_level_is_a_map(tree):
    for name in sorted({n.split(os.sep)[0] for n in tree.files}):
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name} does not belong there"


def reach(room):
    rooms = {room}
    for lower in BELOW[room]:
        rooms |= reach(lower)
    return rooms


def rooms_look_only_down(tree):
    for name, number, kind, what in tree.includes("lib"):
        room = name.split("/")[1]
        if room not in BELOW:
            yield f"{name}:{number}: lib/{room} is no room"
            continue
        rooms = reach(room)
        if kind == '"':
            if what != "builtin.h" and what.split("/")[0] not in rooms:
                yield f"{name}:{number}: lib/{room} may not include {what}"
        elif what.startswith("mcpsess/"):
            allowed = {h for r in rooms for h in PUBLIC.get(r, [])}
            if what[len("mcpsess/"):-len(".h")] not in allowed:
                yield f"{name}:{number}: lib/{room} may not include {what}"


def the_core_knows_no_database(tree):
    for name, number, _, what in tree.includes("lib", "include"):
        if what.startswith(DATABASES):
            yield f"{name}:{number}: includes {what}"
    for name, lines in tree.lines.items():
        if name.startswith("lib/") and name.endswith("meson.build"):
            for number, line in enumerate(lines, 1):
                if re.search(r"dependency\('(%s)" % "|".join(DATABASES), line):
                    yield f"{name}:{number}: links a database's library"


def backends_see_only_their_door(tree):
    for name, number, kind, what in tree.includes("backends"):
        own = os.path.normpath(os.path.join(os.path.dirname(name), what))
        if kind == '"':
            made = what == "scripts.inc"  # from what is beside it
            if not made and (own not in tree.lines
                             or own.split("/")[:2] != name.split("/")[:2]):
                yield f"{name}:{number}: {what} is not its own"
        elif what.startswith("mcpsess/") and what not in ("mcpsess/backend.h", "mcpsess/error.h"):
            yield f"{name}:{number}: includes {what}"


def examples_use_public_headers(tree):
    for name, number, kind, what in tree.includes("examples"):
        own = os.path.normpath(os.path.join(os.path.dirname(name), what))
        if kind == '"' and not (own in tree.lines and own.startswith("examples/")):
            yield f"{name}:{number}: {what} is not an example's header"
        public = "include/" + what
        if what.startswith("mcpsess/") and not {public, public + ".in"} & tree.lines.keys():
            yield f"{name}:{number}: {what} is no public header"


def public_headers_use_plain_types(tree):
    for name, lines in tree.code(["include"], (".h", ".in")):
        for number, line in enumerate(lines, 1):
            text = re.sub(r'//.*|/\*.*?\*/|^\s*/?\*.*|".*?"', "", line)
            found = re.search(r"\b(bool|long|ssize_t|typedef\s+(struct|union|enum))\b", text)
            if found:
                yield f"{name}:{number}: {found[1]} in a public header"


def public_names_mean_one_thing(tree):
    """A name of a type and of a function too: C++ would need "struct" before the type."""
    types, names = set(), []
    for name, lines in tree.code(["include"], (".h", ".in")):
        for number, line in enumerate(lines, 1):
            text = re.sub(r"/\*.*?\*/|^\s*/?\*.*", "", line)
            types.update(re.findall(r"^(?:struct|enum|union) (\w+) \{", text))
            names += [(f"{name}:{number}", found) for found in re.findall(r"\b(mcp\w+)\(", text)]
    for where, name in names:
        if name in types:
            yield f"{where}: {name} is a type's name too"


def memory_comes_through_the_hooks(tree):
    for name, lines in tree.code(["lib", "backends"]):
        if name == "lib/base/env.c":  # the default of the hook lives here
            continue
        for number, line in enumerate(lines, 1):
            text = re.sub(r'/\*.*?\*/|^\s*/?\*.*|".*?"', "", line)
            found = re.search(r"(?<![\w.>])([mc]alloc|realloc|free|strn?dup|v?asprintf)\(", text)
            if found:
                yield f"{name}:{number}: {found[1]}() past the allocator hook"


def the_lock_file_names_no_host(tree):
    for name in tree.files:
        if name.endswith("package-lock.json"):
            with open(os.path.join(tree.root, name), encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if "://" in line:
                        yield f"{name}:{number}: {line.strip()}"


def clang_format_has_nothing_to_say(tree):
    tool = shutil.which("clang-format-14")
    names = [n for n in tree.lines if n.endswith((".c", ".h", ".cpp"))]
    if tool is None:
        yield "clang-format-14 is not installed"
    elif names:
        run = subprocess.run([tool, "--dry-run", "-Werror", *names], cwd=tree.root, check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        yield from [l for l in run.stdout.split("\n") if ": error:" in l]


CHECKS = [functions_are_short, files_are_short, small_hosts_are_small, lines_are_narrow,
          lines_end_cleanly, nothing_is_left_for_later, the_top_level_is_a_map,
          rooms_look_only_down, the_core_knows_no_database, backends_see_only_their_door,
          examples_use_public_headers, public_headers_use_plain_types,
          public_names_mean_one_thing, memory_comes_through_the_hooks,
          the_lock_file_names_no_host, clang_format_has_nothing_to_say]


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here)))
    failed = False
    for check in CHECKS:
        problems = list(check(tree))
        name = check.__name__.replace("_", " ")
        for problem in problems[:40]:
            print("   ", problem)
        if len(problems) > 40:
            print(f"    and {len(problems) - 40} more")
        print(f"FAIL {name}: {len(problems)} found" if problems else f"ok {name}")
        failed |= bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

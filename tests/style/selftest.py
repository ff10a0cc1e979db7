#!/usr/bin/env python3
"""Each check of check.py can fail: one flaw in a clean tree trips that check and no other."""
import os
import sys
import tempfile

import check

CLEAN = {
    "meson.build": "project('x', 'c')\n",
    ".clang-format": "BasedOnStyle: LLVM\nDisableFormat: true\n",
    "include/mcpsess/types.h": "struct mcpsess_bytes {\n\tint len;\n};\n",
    "include/mcpsess/error.h": "#include <mcpsess/types.h>\n",
    "include/mcpsess/backend.h": "#include <mcpsess/error.h>\n",
    "lib/base/a.h": "#include <mcpsess/error.h>\n",
    "lib/store/b.c": '#include "base/a.h"\n#include <mcpsess/backend.h>\n\nint b(void)\n{\n}\n',
    "lib/meson.build": "dependency('threads')\n",
    "backends/memory/m.c": '#include <mcpsess/backend.h>\n#include "m.h"\n',
    "backends/memory/m.h": "#include <stdint.h>\n",
    "examples/host/e.c": "#include <mcpsess/error.h>\n",
    "tests/package-lock.json": "{}\n",
}

LONG = "int f(void)\n{\n" + "\tg();\n" * 80 + "}\n"
HALF = "".join("int f%d(void)\n{\n%s}\n\n" % (n, "\tg();\n" * 20) for n in range(9))
SHORT, FIFTY = HALF.replace("\tg();\n" * 20, ""), LONG.replace("\tg();\n" * 80, "\tg();\n" * 50)
TAIL = SHORT + FIFTY * 2

FLAWS = [
    ("functions_are_short", "examples/host/e.c", LONG),
    ("functions_are_short", "examples/host/e.c", HALF),
    ("functions_are_short", "examples/host/e.c", TAIL),
    ("files_are_short", "examples/host/e.c", "int a;\n" * 501),
    ("small_hosts_are_small", "examples/h.c", "int a;\n" * 59),
    ("small_hosts_are_small", "examples/h.cpp", "int a;\n" * 151),
    ("lines_are_narrow", "examples/host/e.c", "\t" * 12 + "int a;\n"),
    ("lines_end_cleanly", "examples/host/e.c", "int a; \n"),
    ("lines_end_cleanly", "examples/host/e.c", "int a;"),
    ("nothing_is_left_for_later", "examples/host/e.c", "/* TO" + "DO */\n"),
    ("the_top_level_is_a_map", "notes.txt", ""),
    ("rooms_look_only_down", "lib/base/a.h", '#include "store/b.h"\n'),
    ("rooms_look_only_down", "lib/base/a.h", "#include <mcpsess/backend.h>\n"),
    ("rooms_look_only_down", "lib/attic/a.h", '#include "base/a.h"\n'),
    ("the_core_knows_no_database", "lib/store/c.c", "#include <hiredis/hiredis.h>\n"),
    ("the_core_knows_no_database", "lib/meson.build", "dependency('libpq')\n"),
    ("backends_see_only_their_door", "backends/memory/m.c", "#include <mcpsess/types.h>\n"),
    ("backends_see_only_their_door", "backends/memory/m.c", '#include "base/a.h"\n'),
    ("backends_see_only_their_door", "backends/other/m.c", '#include "../memory/m.h"\n'),
    ("examples_use_public_headers", "examples/host/e.c", '#include "base/a.h"\n'),
    ("examples_use_public_headers", "examples/host/e.c", "#include <mcpsess/private.h>\n"),
    ("public_headers_use_plain_types", "include/mcpsess/error.h", "long f(void);\n"),
    ("public_names_mean_one_thing", "include/mcpsess/error.h", "int mcpsess_bytes(void);\n"),
    ("memory_comes_through_the_hooks", "lib/store/c.c", "int *p = malloc(1);\n"),
    ("the_lock_file_names_no_host", "tests/package-lock.json", '{ "a": "https://b" }\n'),
    ("clang_format_has_nothing_to_say", ".clang-format", "BasedOnStyle: LLVM\n"),
]


def write(root, name, text):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def tripped(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            write(root, name, text)
        tree = check.Tree(root)
        return {c.__name__ for c in check.CHECKS if list(c(tree))}


def main():
    failed = False
    for name, file, text in [(None, "", ""), *FLAWS]:
        found = tripped({**CLEAN, file: text} if file else CLEAN)
        right = found == ({name} if name else set())
        what = f"{name} trips over {file}" if name else "a clean tree passes"
        print(f"{'ok' if right else 'FAIL'} {what}{'' if right else f': tripped {sorted(found)}'}")
        failed |= not right
    missing = {c.__name__ for c in check.CHECKS} - {name for name, _, _ in FLAWS}
    print(f"FAIL every check has a flaw: {missing}" if missing else "ok every check has a flaw")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every public declaration is documented: a comment directly above it or above its run.

    comments.py HEADER...

A run is declarations without an empty line between them. A comment that opens a section of the
header with more than its title also speaks for the run that follows it.
"""
import re
import sys

DECLARATION = re.compile(r"MCPSESS_API\b|(struct|enum|union)\b[^;()]*\{|typedef\b")


def runs(text):
    """Lists of (line number, line) between empty lines outside of braces and comments."""
    run, depth, comment = [], 0, False
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip() == "" and depth == 0 and not comment:
            if run:
                yield run
            run = []
            continue
        run.append((number, line))
        comment = line.rfind("/*") > line.rfind("*/") or (comment and "*/" not in line)
        if '"C"' not in line:
            code = re.sub(r"/\*.*?\*/", "", line)
            depth = max(0, depth + code.count("{") - code.count("}"))


def undocumented(text):
    """Line numbers of declarations that nothing speaks for."""
    section = False
    for run in runs(text):
        spoken = run[0][1].startswith("/**") or section
        section = run[0][1].startswith("/* --") and len(run) > 1
        if not spoken:
            yield from (n for n, line in run if DECLARATION.match(line))


def selftest():
    good = ["/** A. */\nMCPSESS_API int a(void);\nMCPSESS_API int b(void);\n",
            "/* -- verbs --\n *\n * All block.\n */\n\nMCPSESS_API int a(void);\n",
            "/**\n * A.\n *\n * More.\n */\nstruct a {\n\tint b;\n\n\tint c;\n};\n"]
    bad = ["MCPSESS_API int a(void);\n", "/* -- verbs -- */\n\nMCPSESS_API int a(void);\n",
           "struct a {\n\tint b;\n};\n", "enum { A };\n",
           "/** A. */\nMCPSESS_API int a(void);\n\nMCPSESS_API int b(void);\n"]
    return all(not list(undocumented(t)) for t in good) and all(list(undocumented(t)) for t in bad)


def main():
    right = selftest()
    print("ok" if right else "FAIL", "a declaration without a comment is found")
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            lines = list(undocumented(file.read()))
        for line in lines:
            print(f"    {name}:{line}: nothing says what this is")
        header = name.split("/")[-1].removesuffix(".in")
        print(f"{'FAIL' if lines else 'ok'} every declaration of {header} is documented")
        right = right and not lines
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Scripts as C arrays, without their comments and indents.

    embed.py OUTPUT SCRIPT...
"""
import os
import sys


def main():
    output, *names = sys.argv[1:]
    with open(output, "w", encoding="ascii") as out:
        for name in names:
            with open(name, encoding="ascii") as file:
                lines = [line.strip() for line in file]
            text = "\n".join(line for line in lines if line and not line.startswith("--")) + "\n"
            word = os.path.splitext(os.path.basename(name))[0]
            print(f"static const char {word}_lua[] = {{", file=out)
            data = text.encode("ascii")
            for at in range(0, len(data), 16):
                print("\t" + " ".join(f"{byte}," for byte in data[at:at + 16]), file=out)
            print("};", file=out)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The arrows of docs/developer/architecture.md: a room includes only public headers of the rooms that it may use."""
import pathlib
import re
import subprocess
import sys

USES = {
    "base": set(),
    "sim": {"base"},
    "driver": {"base", "sim"},
    "ike": {"base"},
    "offload": {"base", "driver"},
    "host": {"base", "driver", "ike", "offload"},
}
ROOMS = USES.keys() | {"hw"}


def main():
    wrong = []
    files = subprocess.run(["git", "ls-files", "*.h", "*.cpp", "*.def"], capture_output=True, text=True, check=True)
    for path in files.stdout.split():
        room = path.split("/")[0]
        if room not in USES:
            continue
        for number, line in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#include "(\w+)/', line)
            if match and match[1] in ROOMS - {room} and match[1] not in USES[room]:
                wrong.append(f"{path}:{number}: {room} may not include from {match[1]}")
            if re.match(r'\s*#include "\.\./', line):
                wrong.append(f"{path}:{number}: include by the path from the room's root, not by ../")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

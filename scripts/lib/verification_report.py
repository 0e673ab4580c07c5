#!/usr/bin/env python3
"""Writes the verification report in Markdown from the results of its parts.

usage: verification_report.py FOLDER      with proofs.json, coverage.json, area.json, rtl.json, as far as they were made
"""
import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def table(columns: list[str], rows: list[list]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def picked(results: list[dict], columns: list[str]) -> str:
    columns = [column for column in columns if any(column in result for result in results)]
    return table(columns, [[result.get(column, "") for column in columns] for result in results])


def plan() -> str:
    rows = tomllib.loads((ROOT / "hw" / "testplan.toml").read_text())["row"]
    return table(["feature", "tests"], [[feature, ", ".join(row["tests"])] for row in rows for feature in row["features"]])


PARTS = {
    "proofs": ("Proofs", lambda results: picked(results, ["name", "claim", "mutations", "induction_cycles", "seconds"])),
    "coverage": ("Line coverage", lambda results: picked(results, ["file", "lines", "covered", "explained", "percent"])),
    "area": ("Area", lambda results: picked(results, ["direction", "module", "instances", "lut", "ff", "ramb36", "uram",
                                                      "path_ns", "ratio"])),
    "rtl": ("Speed", lambda results: picked(results, list(dict.fromkeys(key for result in results for key in result)))),
}


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(sys.argv[1])
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True,
                            check=True).stdout.strip()
    print(f"# Verification report\n\nThe report was written at commit {commit}.")
    for name, (title, section) in PARTS.items():
        print(f"\n## {title}\n")
        path = folder / f"{name}.json"
        if path.exists():
            print(section(json.loads(path.read_text())["results"]))
        else:
            print(f"Not measured: run `scripts/verification {name}`.")
    print(f"\n## Test plan\n\n{plan()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

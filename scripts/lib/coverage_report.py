#!/usr/bin/env python3
"""Line coverage of the RTL from a file in lcov's form, held against hw/coverage.toml.

usage: coverage_report.py [--json FILE] INFO
"""
import argparse
import collections
import json
import pathlib
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "hw" / "rtl"


def counted(info: pathlib.Path) -> dict[str, dict[int, int]]:
    """file -> line -> how often, of the files below hw/rtl. A line stands for all points on it: the least counts."""
    files: dict[str, dict[int, int]] = collections.defaultdict(dict)
    lines: dict[int, int] = {}
    for record in info.read_text().splitlines():
        if record.startswith("SF:"):
            path = pathlib.Path(record[3:]).resolve()
            lines = files[str(path.relative_to(RTL))] if path.is_relative_to(RTL) else {}
        elif record.startswith("DA:"):
            line, count = (int(number) for number in record[3:].split(",")[:2])
            lines[line] = min(lines.get(line, count), count)
    return {name: lines for name, lines in files.items() if lines}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("info", type=pathlib.Path)
    arguments = parser.parse_args()
    config = tomllib.loads((ROOT / "hw" / "coverage.toml").read_text())
    explained = {(hole["file"], hole["line"]) for hole in config["hole"]}
    used, findings, results = set(), [], []
    files = counted(arguments.info)
    if not files:
        findings.append("no line was counted: the tests did not run on the coverage build")
    for name, lines in sorted(files.items()):
        text = (RTL / name).read_text().splitlines()
        open_lines = 0
        for line, count in sorted(lines.items()):
            key = (name, text[line - 1].strip())
            if key in explained:
                used.add(key)
                if count:
                    findings.append(f"{name}:{line} is explained as a hole and was reached: take it out of coverage.toml")
            elif not count:
                open_lines += 1
                print(f"hw/rtl/{name}:{line}: not reached: {key[1]}")
        holes = sum((name, text[line - 1].strip()) in explained and not count for line, count in lines.items())
        covered = sum(count > 0 for count in lines.values())
        results.append({"file": name, "lines": len(lines), "covered": covered, "explained": holes,
                        "percent": round(100 * covered / len(lines), 1)})
    findings += [f"coverage.toml explains a line that is not counted: {name}: {line}" for name, line in explained - used]
    total = {key: sum(result[key] for result in results) for key in ("lines", "covered", "explained")}
    if results:
        total["percent"] = round(100 * total["covered"] / total["lines"], 1)
        results.append({"file": "all", **total})
        for result in results:
            print(f"{result['percent']:6.1f} %  {result['covered']:5} of {result['lines']:5} lines  {result['file']}")
        if total["percent"] < config["target_percent"]:
            findings.append(f"{total['percent']} % of the lines are reached; the target is {config['target_percent']} %")
    if arguments.json:
        arguments.json.write_text(json.dumps({"results": results}, indent=1) + "\n")
    print("\n".join(findings))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

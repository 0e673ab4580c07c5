#!/usr/bin/env python3
"""Takes a bench's results (a JSON array) on standard input; adds the machine and the time, writes JSON to standard
output and a table to standard error. Every result has a `limit…` and a `ratio`, the share
of the limit that was reached."""
import datetime
import json
import platform
import sys


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def table(results):
    columns = list(dict.fromkeys(key for result in results for key in result))
    rows = [columns] + [[str(result.get(column, "")) for column in columns] for result in results]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)), file=sys.stderr)


def main():
    results = json.load(sys.stdin)
    for result in results:
        if not any(key.startswith("limit") for key in result) or "ratio" not in result:
            sys.exit(f"bench_report: a figure without its limit or ratio: {result}")
    table(results)
    measured_on = {"processor": processor(), "system": platform.platform(),
                   "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}
    json.dump({"measured_on": measured_on, "results": results}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

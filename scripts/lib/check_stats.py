#!/usr/bin/env python3
"""Compares the two gateways of the demo: what one engine sent, the other one received, and no packet was dropped.

usage: check_stats.py A.json B.json       (each the output of `espgate stats --json`)
"""
import json
import sys


def problems(name, here, there):
    outbound, inbound = here["engine"]["outbound"], there["engine"]["inbound"]
    if outbound["packets_out"] == 0:
        yield f"{name} sent nothing"
    if outbound["packets_out"] != inbound["packets_in"]:
        yield f"{name} sent {outbound['packets_out']} ESP packets, the other side's engine saw {inbound['packets_in']}"
    if outbound["bytes_out"] != inbound["bytes_in"]:
        yield f"{name} sent {outbound['bytes_out']} bytes of ESP, the other side's engine saw {inbound['bytes_in']}"
    for direction in ("outbound", "inbound"):
        counters = here["engine"][direction]
        verdicts = counters["verdicts"]
        if counters["packets_in"] != sum(verdicts.values()):
            yield f"{name} {direction}: {counters['packets_in']} packets in, but {sum(verdicts.values())} verdicts"
        for verdict, count in verdicts.items():
            if verdict != "ok" and count:
                yield f"{name} {direction}: {count} packets dropped as {verdict}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    a, b = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
    found = [*problems("gateway-a", a, b), *problems("gateway-b", b, a)]
    for problem in found:
        print(f"check_stats: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

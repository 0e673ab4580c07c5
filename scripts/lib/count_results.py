#!/usr/bin/env python3
"""Adds up JUnit files of ctest: prints "N passed, N failed, N skipped"; exits 1 when a test failed or none ran."""
import sys
import xml.etree.ElementTree as ElementTree


def main():
    passed, failed, skipped = 0, [], []
    for path in sys.argv[1:]:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            status = case.get("status")
            if status == "run":
                passed += 1
            elif status in ("notrun", "disabled"):
                skipped.append(case)
            else:
                failed.append(case)
    for case in skipped:
        reason = (case.findtext("system-out") or "").strip().splitlines()
        print(f"SKIPPED {case.get('name')}: {next((r for r in reason if 'SKIP' in r.upper()), 'no reason given')}")
    for case in failed:
        print(f"FAILED {case.get('name')}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

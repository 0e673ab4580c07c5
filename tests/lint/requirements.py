#!/usr/bin/env python3
"""Every test and file that docs/developer/ikev2-requirements.md names exists, and every row names a test."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
page = root / "docs/developer/ikev2-requirements.md"
sources = [path.read_text(encoding="utf-8") for path in sorted((root / "tests/ike").glob("*.cpp"))]
tests = {".".join(found) for text in sources for found in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", text, re.M)}
errors = []
named = 0
for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
    words = re.findall(r"`([^`]+)`", line)
    for word in words:
        if "/" in word and not (root / "ike/src" / word).exists() and not (root / word).exists():
            errors.append(f"{page.name}:{number}: no file {word}")
        if re.fullmatch(r"[A-Z]\w*\.[A-Z]\w*", word):
            named += 1
            if word not in tests:
                errors.append(f"{page.name}:{number}: no test {word} in tests/ike")
    is_row = line.startswith("| ") and not re.match(r"\| (section|RFC|failure|---)", line)
    if is_row and not any(word in tests for word in words):
        errors.append(f"{page.name}:{number}: a requirement without a test")
print("\n".join(errors) if errors else f"{named} references to {len(tests)} tests of tests/ike")
sys.exit(bool(errors) or named == 0)

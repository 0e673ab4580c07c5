"""The RTL's files that a module needs, in an order in which a tool can read them."""
import pathlib
import re
from collections.abc import Iterable

RTL = pathlib.Path(__file__).resolve().parents[1] / "rtl"


def packages(files: Iterable[pathlib.Path]) -> list[pathlib.Path]:
    """The packages that the files name, each behind those that it names itself."""
    known = {path.stem: path for path in RTL.rglob("*_pkg.sv")}
    order: list[pathlib.Path] = []

    def add(file: pathlib.Path) -> None:
        for name in sorted(set(re.findall(r"\b(\w+_pkg)::", file.read_text())) & known.keys()):
            if known[name] not in order and known[name] != file:
                add(known[name])
                order.append(known[name])

    for file in files:
        add(file)
    return order


def below(top: str) -> list[pathlib.Path]:
    """The module's file, those of the modules in it, and their packages. A file has the name of its module."""
    known = {path.stem: path for path in RTL.rglob("*.sv")}
    found = [known[top]]
    for file in found:  # grows as it goes
        words = set(re.findall(r"\b\w+\b", re.sub(r"//.*", "", file.read_text())))
        found += [known[name] for name in sorted(words & known.keys())
                  if not name.endswith("_pkg") and known[name] not in found]
    return packages(found) + found

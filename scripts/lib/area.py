#!/usr/bin/env python3
"""Synthesises the engine block by block with Yosys and prints what each takes, as a JSON array: see hw/area.toml.

usage: area.py [--only MODULE]
The result of a block is kept in build/area under a hash of everything that it is made from, so that a second run only
synthesises what has changed. Two runs of Yosys at a time. Estimates before placement: cell and average wire delays as
Yosys knows them for the family.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "hw" / "tools"))
import rtl_sources  # noqa: E402 (from where the RTL's other tools are)

CACHE = ROOT / "build" / "area"
CONFIG = tomllib.loads((ROOT / "hw" / "area.toml").read_text())
INSIDE = set(CONFIG["inside"]["modules"])
TIMEOUT = 3600  # seconds for one block
REGISTERS = {"FDRE", "FDSE", "FDCE", "FDPE"}


def yosys(script: list[str], log: pathlib.Path | None = None) -> None:
    command = ["yosys", "-q", *(["-l", str(log)] if log else []), "-p", "\n".join(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode != 0:
        raise SystemExit(f"area: Yosys fails:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def elaborate(top: dict, folder: pathlib.Path) -> str:
    """The design below one top as RTLIL, and there the name of the top."""
    files = " ".join(str(path) for path in rtl_sources.below(top["module"]))
    parameters = " ".join(f"-chparam {name} {value}" for name, value in top["parameters"].items())
    target = folder / f"{top['direction']}.il"
    yosys([f"read_verilog -sv -D SYNTHESIS {files}",
           f"hierarchy -check -top {top['module']} {parameters}", "rename -top top", f"write_rtlil {target}"])
    return target.read_text()


class Design:
    """The modules of an RTLIL text, and how often each block is used."""

    def __init__(self, text: str):
        self.text: dict[str, str] = {}
        for found in re.finditer(r"^(?:attribute [^\n]*\n)*module (\S+)\n.*?^end\n", text, re.M | re.S):
            self.text[found.group(1)] = found.group(0)
        self.cells = {name: [cell for cell in re.findall(r"^ +cell (\S+) ", body, re.M) if cell in self.text]
                      for name, body in self.text.items()}
        self.names = {name: self.short(name) for name in self.text}

    def short(self, name: str) -> str:
        """The module's name as in the source: $paramod…\\name\\PARAMETER=… or $paramod$hash\\name."""
        found = re.search(r"hdlname \"([^\"]+)\"", self.text[name].split("\nmodule ")[0])
        if found:
            return found.group(1).split(" ")[-1].lstrip("\\")
        return re.sub(r"^\$paramod(?:\$[0-9a-f]+)?", "", name).lstrip("\\").split("\\")[0]

    def inside(self, name: str) -> bool:
        return self.names[name] in INSIDE

    def parts(self, name: str) -> tuple[set[str], list[str]]:
        """Modules that are synthesised with `name`, and the blocks that it uses, each as often as it does."""
        together, blocks = {name}, []
        for cell in self.cells[name]:
            if self.inside(cell):
                more, used = self.parts(cell)
                together |= more
                blocks += used
            else:
                blocks.append(cell)
        return together, blocks

    def counts(self, top: str) -> dict[str, int]:
        counts: dict[str, int] = {}

        def visit(name: str, times: int) -> None:
            counts[name] = counts.get(name, 0) + times
            for block in self.parts(name)[1]:
                visit(block, times)

        visit(top, 1)
        return counts


def interface(text: str) -> str:
    return "\n".join(re.findall(r"^  wire .*(?:input|output).*$", text, re.M))


def synthesise(design: Design, name: str) -> dict:
    together, blocks = design.parts(name)
    own = "".join(design.text[part] for part in sorted(together))
    boxes = sorted(set(blocks))
    script = ["synth_xilinx -family {family} -abc9 -noiopad -noclkbuf -flatten -top {name}"]
    meaning = re.sub(r"^\s*attribute \\src .*\n", "", own, flags=re.M)
    meaning += "".join(box + interface(design.text[box]) for box in boxes) + script[0] + CONFIG["family"]
    meaning = re.sub(r"\$\d+", "$", meaning)  # numbers that Yosys gives, other ones in each design
    meaning += subprocess.run(["yosys", "-V"], capture_output=True, text=True, check=True).stdout
    kept = CACHE / (hashlib.sha256(meaning.encode()).hexdigest() + ".json")
    if kept.exists():
        return json.loads(kept.read_text())
    print(f"area: {design.names[name]} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        (work / "block.il").write_text(own + "".join(design.text[box] for box in boxes))
        yosys([f"read_rtlil {work}/block.il", *(f"blackbox {box}" for box in boxes),
               script[0].format(family=CONFIG["family"], name=name),
               f"tee -o {work}/stat stat",
               # sta takes no cells of modules that are given by their ports alone.
               *(f"delete t:{box}" for box in boxes), f"tee -o {work}/sta sta"], work / "log")
        log, sta, stat = ((work / part).read_text() for part in ("log", "sta", "stat"))
    cells = {cell: int(number) for cell, number in re.findall(r"^ +([A-Z][A-Z0-9_]*) +(\d+)$", stat, re.M)}
    delays = [float(delay) for delay in re.findall(r"^ABC: .*Del = +([0-9]+\.[0-9]+)", log, re.M)]
    # From the end to the start: a cell with its pins, and below it the net that comes in.
    path = re.findall(r"^ +\d+ \S.* \((\S+)\)\n +(\S+.*)$", sta, re.M)
    clocked = next((at for at, (pins, _) in enumerate(path) if pins.endswith("->Q")), len(path))
    result = {
        "lut": sum(CONFIG["lut"].get(cell, 0) * number for cell, number in cells.items()),
        "ff": sum(number for cell, number in cells.items() if cell in REGISTERS),
        "ramb36": cells.get("RAMB36E2", 0) + cells.get("RAMB18E2", 0) / 2,
        "uram": cells.get("URAM288", 0),
        "dsp": cells.get("DSP48E2", 0),
        # The mapper's last figure, with wires; none when the block has no logic of its own.
        "path_ns": round(delays[-1] / 1000, 2) if delays else 0.0,
        "path_start": path[clocked - 1][1] if path and clocked else "",
        "path_end": path[0][1] if path else "",
    }
    CACHE.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}.part")
    part.write_text(json.dumps(result))
    part.replace(kept)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="MODULE", help="this module alone, in every set of parameters it has")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for top in CONFIG["top"]:
            design = Design(elaborate(top, pathlib.Path(folder)))
            counts = design.counts("\\top")
            design.names["\\top"] = top["module"]
            if arguments.only:
                counts = {name: times for name, times in counts.items() if design.names[name] == arguments.only}
            blocks = dict(zip(counts, pool.map(lambda name: synthesise(design, name), counts)))
            for name in sorted(counts, key=lambda name: -counts[name] * blocks[name]["lut"]):
                block = blocks[name]
                results.append({"direction": top["direction"], "module": design.names[name], "instances": counts[name],
                                **block, "limit_ns": CONFIG["limit_ns"],
                                "ratio": round(block["path_ns"] / CONFIG["limit_ns"], 2)})
            if arguments.only:
                continue
            total = {key: sum(counts[name] * blocks[name][key] for name in counts)
                     for key in ("lut", "ff", "ramb36", "uram", "dsp")}
            slowest = max(counts, key=lambda name: blocks[name]["path_ns"])
            results.append({"direction": top["direction"], "module": "all", "instances": 1, **total,
                            "path_ns": blocks[slowest]["path_ns"], "path_end": design.names[slowest],
                            "limit_lut": CONFIG["limit_lut"], "ratio": round(total["lut"] / CONFIG["limit_lut"], 2)})
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()

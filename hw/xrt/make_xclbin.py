#!/usr/bin/env python3
"""Writes an xclbin for the simulated card, without Vitis: everything that XRT asks of one but a bitstream.
usage: make_xclbin.py FILE host|card|none

host, card: the bank that all ports of esp_lookaside are connected to. none: the ports have no bank in common.
The layouts are those of XRT's public header xclbin.h (2.13). Equal arguments give equal bytes, UUID included.
"""
import hashlib
import pathlib
import struct
import sys

import kernels

# xclbin.h: section kinds, IP and memory types
EMBEDDED_METADATA, MEM_TOPOLOGY, CONNECTIVITY, IP_LAYOUT, GROUP_TOPOLOGY, GROUP_CONNECTIVITY = 2, 6, 7, 8, 26, 27
IP_KERNEL, AP_CTRL_NONE, IP_CONTROL_SHIFT = 1, 2, 8
MEM_DRAM, MEM_HBM = 2, 6
HEADER_BYTES = 456  # struct axlf without its section headers
SECTION_HEADER_BYTES = 40

KERNEL = kernels.kernels()["lookaside"]
REGISTERS_AT, REGISTERS_BYTES = 0x1000000, kernels.register_bytes(KERNEL)
# Where the simulated card (sim/xrt/shim.cpp) has its banks.
BANKS_AT, BANK_BYTES = 0x4000000000, 32 << 20
BANKS = [(MEM_HBM, BANKS_AT, "HBM[0]"), (MEM_DRAM, BANKS_AT + BANK_BYTES, "HOST[0]")]
CONNECTED = {"host": (1, 1, 1), "card": (0, 0, 0), "none": (0, 1, 1)}


def text(string, size):
    assert len(string) < size
    return string.encode().ljust(size, b"\0")


def metadata():
    ports = "".join(f'<port name="{argument.port}" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="512" '
                    f'portType="addressable" base="0x0"/>' for argument in KERNEL.arguments)
    args = "".join(f'<arg name="{argument.name}" addressQualifier="1" id="{i}" port="{argument.port}" size="0x8" '
                   f'offset="{argument.offset:#x}" hostOffset="0x0" hostSize="0x8" type="void*"/>'
                   for i, argument in enumerate(KERNEL.arguments))
    return (f'<?xml version="1.0" encoding="UTF-8"?><project name="espgate">'
            f'<platform vendor="espgate" boardid="simulated" name="verilator" featureRomTime="0">'
            f'<version major="1" minor="0"/><device name="fpga0" fpgaDevice="verilator" addressWidth="0">'
            f'<core name="OCL_REGION_0" target="hw" type="clc_region" clockFreq="0MHz" numComputeUnits="1">'
            f'<kernelClocks><clock port="KERNEL_CLK" frequency="250MHz"/></kernelClocks>'
            f'<kernel name="{KERNEL.name}" language="ip" attributes="" hash="" preferredWorkGroupSizeMultiple="0" '
            f'workGroupSize="1" interrupt="false" hwControlProtocol="user_managed">{ports}'
            f'<port name="{kernels.CONTROL}" mode="slave" range="{REGISTERS_BYTES:#x}" dataWidth="32" '
            f'portType="addressable" base="0x0"/>{args}'
            f'<instance name="{KERNEL.instance}"><addrRemap base="{REGISTERS_AT:#x}" port="{kernels.CONTROL}"/></instance>'
            f'</kernel></core></device></platform></project>\n').encode()


def sections(connected):
    memory = struct.pack("<i4x", len(BANKS)) + b"".join(
        struct.pack("<BB6xQQ16s", kind, 1, BANK_BYTES >> 10, at, text(tag, 16)) for kind, at, tag in BANKS)
    kernels = struct.pack("<i4xIIQ64s", 1, IP_KERNEL, AP_CTRL_NONE << IP_CONTROL_SHIFT, REGISTERS_AT,
                          text(f"{KERNEL.name}:{KERNEL.instance}", 64))
    wires = struct.pack("<i", len(KERNEL.arguments)) + b"".join(
        struct.pack("<iii", argument, 0, bank) for argument, bank in enumerate(connected))
    return [(EMBEDDED_METADATA, "", metadata()), (IP_LAYOUT, "ip", kernels), (MEM_TOPOLOGY, "mem", memory),
            (CONNECTIVITY, "conn", wires), (GROUP_TOPOLOGY, "gmem", memory), (GROUP_CONNECTIVITY, "gconn", wires)]


def xclbin(connected):
    parts = sections(connected)
    start = HEADER_BYTES + SECTION_HEADER_BYTES * len(parts)
    headers = body = b""
    for kind, name, data in parts:
        body = body.ljust((len(body) + start + 7 & ~7) - start, b"\0")
        headers += struct.pack("<I16s4xQQ", kind, text(name, 16), start + len(body), len(data))
        body += data
    uuid = hashlib.sha256(body).digest()[:16]
    # Length, timestamps, version 2.1.0, mode, features, platform, UUIDs, sections.
    header = struct.pack("<QQQHBBHHQQ64s16s16sI4x", start + len(body), 0, 0, 0, 2, 1, 0, 0, 0, 0,
                         text("espgate_simulated_card", 64), uuid, bytes(16), len(parts))
    top = b"xclbin2\0" + struct.pack("<i", -1) + b"\xff" * 28 + bytes(256) + bytes(8) + header
    assert len(top) == HEADER_BYTES and len(headers) == SECTION_HEADER_BYTES * len(parts)
    return top + headers + body


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in CONNECTED:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[1]).write_bytes(xclbin(CONNECTED[sys.argv[2]]))


if __name__ == "__main__":
    main()

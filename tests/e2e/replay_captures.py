#!/usr/bin/env python3
"""Writes the captures and SA files that tests/e2e/replay works with. usage: replay_captures.py FOLDER

inner.pcap    plain packets of two flows on Ethernet, every fourth behind a VLAN tag, and an ARP frame in between
expected.pcap the same packets bare, as `espgate replay` writes them
state         SAs of the two flows as `ip xfrm state` prints them: one with ESN, one encapsulated in UDP over IPv6
esp_sa        the one without ESN, as Wireshark reads it
all.json      both, in our format
"""
import json
import pathlib
import random
import struct
import sys

ETHERNET, RAW = 1, 101
KEYS = {0x1001: bytes(range(0x20, 0x34)), 0x1002: bytes(range(0x40, 0x64))}  # salt last


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4_udp(flow, number, payload):
    udp = struct.pack(">HHHH", 1000 + number, 5000 + flow, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBHBBBBBBBB", 0x45, 0x28, 20 + len(udp), number, 0x4000, 63, 17, 0,
                       10, 1, flow, 1, 10, 2, flow, 1 + number % 200)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp


def write_pcap(path, link_type, frames):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type))
        for i, frame in enumerate(frames):
            file.write(struct.pack("<IIII", 1700000000 + i, 1000 * i, len(frame), len(frame)) + frame)


def main():
    folder = pathlib.Path(sys.argv[1])
    rng = random.Random(4303)
    packets = []
    for number in range(60):
        size = (18, 46, 472, 1372, 8000)[number % 5] + rng.randrange(64)
        packets.append(ipv4_udp(number % 2, number, rng.randbytes(size)))
    frames = []
    for number, packet in enumerate(packets):
        tag = struct.pack(">HH", 0x8100, 7) if number % 4 == 0 else b""
        frames.append(bytes(12) + tag + b"\x08\x00" + packet)
    # An ARP frame at the end, so that the timestamps of the others stay those of expected.pcap.
    write_pcap(folder / "inner.pcap", ETHERNET, frames + [bytes(12) + b"\x08\x06" + bytes(46)])
    write_pcap(folder / "expected.pcap", RAW, packets)

    # The 60 packets alternate; the file's first SA that fits takes a packet.
    (folder / "state").write_text(f"""src 192.0.2.1 dst 192.0.2.2
\tproto esp spi 0x00001001 reqid 1 mode tunnel
\treplay-window 0 flag esn
\taead rfc4106(gcm(aes)) 0x{KEYS[0x1001].hex()} 128
\tanti-replay esn context:
\t seq-hi 0x3, seq 0x0, oseq-hi 0x3, oseq 0xfffffff0
\t replay_window 128, bitmap-length 4
\t 00000000 00000000 00000000 00000000
\tsel src 10.1.0.0/24 dst 10.2.0.0/24
src 2001:db8::1 dst 2001:db8::2
\tproto esp spi 0x00001002(4098) reqid 2(0x00000002) mode tunnel
\treplay-window 32
\taead rfc4106(gcm(aes)) 0x{KEYS[0x1002].hex()} 128
\tencap type espinudp sport 4500 dport 4500 addr ::
\tanti-replay context: seq 0x0, oseq 0x7, bitmap 0x00000000
\tsel src 10.1.1.0/24 dst 10.2.1.0/24 proto udp dport 5001
src 192.0.2.1 dst 192.0.2.2
\tproto esp spi 0x00001003 reqid 1 mode tunnel
\treplay-window 32
\tauth-trunc hmac(sha256) 0x{bytes(32).hex()} 128
\tenc cbc(aes) 0x{bytes(16).hex()}
\tsel src 10.1.0.0/24 dst 10.2.0.0/24
""")
    (folder / "esp_sa").write_text("".join(
        f'"{family}","{source}","*","0x{spi:08x}","AES-GCM with 16 octet ICV [RFC4106]","0x{KEYS[spi].hex()}","NULL",""\n'
        for family, source, spi in (("IPv4", "192.0.2.1", 0x1001), ("IPv6", "2001:db8::1", 0x1002))))
    selectors = {"source": "10.1.0.0/16", "destination": "10.2.0.0/16"}
    (folder / "all.json").write_text(json.dumps({"sas": [
        {"spi": 0x1001, "source": "192.0.2.1", "destination": "192.0.2.2", "key": KEYS[0x1001].hex(), "esn": True,
         "next_sequence": 0x3FFFFFFF1, "replay_top": 0x3FFFFFFF0, "selectors": selectors},
        {"spi": "0x1002", "source": "2001:db8::1", "destination": "2001:db8::2", "key": KEYS[0x1002].hex(),
         "udp_encapsulation": {}, "direction": "inbound", "selectors": selectors | {"protocol": 17}}]}))
    for name in ("state", "esp_sa", "all.json"):
        (folder / name).chmod(0o600)


if __name__ == "__main__":
    main()

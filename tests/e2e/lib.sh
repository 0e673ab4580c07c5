# Shared by the end-to-end tests; sourced.
# shellcheck shell=bash

die() {
  echo "FAILED: $*" >&2
  exit 1
}

needs_namespaces() {
  if [ ! -e /dev/net/tun ] || ! unshare --mount --net --pid --fork true 2>/dev/null; then
    echo "SKIPPED: needs root, /dev/net/tun and network namespaces"
    exit 77
  fi
}

# What a run could leave: network namespaces, links, our processes, files in the usual places.
leftovers() {
  ip netns list
  ip -brief link show
  pgrep -a 'espgated?$' || true
  pgrep -af 'demo-inside|wire\.pcap' || true
  find /run /tmp -maxdepth 2 \( -iname '*espgate*' -o -iname '*demo*' -o -name netns \) 2>/dev/null | sort
}

# A folder that is removed when the test ends.
make_scratch() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
}

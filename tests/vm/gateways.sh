# Two gateways in the guest, and what the tests ask of them. Sourced; `build` is the build folder, `run` the folder of
# the run.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
name=$(basename "$0")
# shellcheck disable=SC2154  # of whoever sources this
modprobe -q tun || true
[ -e /dev/net/tun ] || { mkdir -p /dev/net && mknod /dev/net/tun c 10 200; }
# shellcheck source=scripts/lib/network.sh
. "$root/scripts/lib/network.sh"
make_network

die() {
  tail -n 30 "$run"/*.log >&2 || true
  echo "$name: $*" >&2
  exit 1
}
espgate() { # GATEWAY ARGUMENT...
  local gateway=$1
  shift
  in_ns "$gateway" "$build/bin/espgate" --socket "$run/$gateway.vici" "$@"
}
within() { # SECONDS WHAT COMMAND...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what did not happen in time"
    sleep 0.2
  done
}


# Of every Child SA that is up: name, where it is, SPI in, packets in and out.
sas() { # GATEWAY
  espgate "$1" list-sas --json | python3 -c '
import json, sys
for ike in json.load(sys.stdin)["ike_sas"]:
    for child in ike["children"]:
        if child["state"] == "INSTALLED":
            print(child["name"], child["offload"].split()[0], child["in"]["spi"], child["in"]["packets"],
                  child["out"]["packets"])'
}

# A connection's settings but for its children, which come from standard input.
configure() { # GATEWAY HERE THERE [SETTING...]
  local gateway=$1 here=$2 there=$3
  shift 3
  mkdir -p "$run/$gateway"
  {
    echo "connections { site {"
    printf '%s\n' "local_addrs = $here" "remote_addrs = $there" 'proposals = aes128gcm16-prfsha256-x25519' "$@"
    printf '%s\n' "local { auth = psk" "id = $here" '}' 'remote { auth = psk' "id = $there" '}' 'children {'
    cat
    printf '%s\n' '} } }' 'secrets { ike {' 'secret = "shared by the two of this test"' '} }'
  } >"$run/$gateway/swanctl.conf"
  chmod 600 "$run/$gateway/swanctl.conf"
}

# Both of them; their numbers are in `daemons`.
start_gateways() {
  local gateway
  daemons=()
  for gateway in gateway-a gateway-b; do
    ip netns exec "$gateway" "$build/bin/espgated" --config "$run/$gateway/swanctl.conf" --socket "$run/$gateway.vici" \
      --engine software >"$run/$gateway.log" 2>&1 &
    daemons+=($!)
  done
  within 30 "the start of gateway-a" espgate gateway-a list-conns
  within 30 "the start of gateway-b" espgate gateway-b list-conns
}
stop_gateways() {
  local daemon
  for daemon in "${daemons[@]}"; do
    kill -TERM "$daemon"
    wait "$daemon" || die "a daemon ended with status $?"
  done
}

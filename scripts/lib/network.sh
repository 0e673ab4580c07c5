# Two gateways with a client behind each, in network namespaces of this mount namespace: client-a - gateway-a - wire -
# gateway-b - client-b. Sourced; `run` is the folder of the run.
# shellcheck shell=bash

in_ns() { ip netns exec "$@"; }

link() { # NS DEVICE ADDRESS NS DEVICE ADDRESS
  ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
  ip -n "$1" address add "$3" dev "$2"
  ip -n "$4" address add "$6" dev "$5"
  ip -n "$1" link set "$2" up
  ip -n "$4" link set "$5" up
}
mac_of() { in_ns "$1" cat "/sys/class/net/wire/address"; }

make_network() {
  mount -t tmpfs -o mode=0755 tmpfs /run
  # shellcheck disable=SC2154  # of whoever sources this
  mkdir -p /run/netns "$run"
  for ns in client-a gateway-a gateway-b client-b; do
    ip netns add "$ns"
    # Only what the gateways send may be on the wire: no IPv6 neighbour discovery, no ARP (see `neigh` below).
    in_ns "$ns" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
      echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' 2>/dev/null || true
    ip -n "$ns" link set lo up
  done
  link client-a net0 10.1.0.2/24 gateway-a protected 10.1.0.1/24
  link gateway-a wire 192.0.2.1/24 gateway-b wire 192.0.2.2/24
  link client-b net0 10.2.0.2/24 gateway-b protected 10.2.0.1/24
  ip -n gateway-a neigh add 192.0.2.2 lladdr "$(mac_of gateway-b)" dev wire nud permanent
  ip -n gateway-b neigh add 192.0.2.1 lladdr "$(mac_of gateway-a)" dev wire nud permanent
  ip -n client-a route add default via 10.1.0.1
  ip -n client-b route add default via 10.2.0.1
  for gateway in gateway-a gateway-b; do
    in_ns "$gateway" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
  done
}

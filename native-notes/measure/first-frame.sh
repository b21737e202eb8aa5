#!/usr/bin/env bash
# Sends three datagrams to a tcpdump that has been open for a second, and prints which of them it shows.
# Run it as root in a network namespace: unshare --net native-notes/measure/first-frame.sh
set -euo pipefail

shown=$(mktemp)
trap 'rm -f "$shown"' EXIT
ip link add va type veth peer name vb
ip address add 10.5.0.1/24 dev va
ip link set va up
ip link set vb up
ip neigh add 10.5.0.2 lladdr 02:00:00:00:00:02 dev va

for filter in 'udp' 'udp and inbound' 'udp and not outbound'; do
  tcpdump -n -l -A --immediate-mode -i vb "$filter" >"$shown" 2>/dev/null &
  sleep 1
  for word in first second third; do
    echo "--$word--" >/dev/udp/10.5.0.2/9
    sleep 0.3
  done
  kill -INT $!
  wait $!
  echo "$filter: $(grep -oE -- '--(first|second|third)--' "$shown" | tr '\n' ' ')"
done

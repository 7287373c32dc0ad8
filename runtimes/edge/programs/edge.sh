#!/bin/bash
# The edge's two processes: haproxy.cfg, and front.cfg before it. If either ends, both do, and Docker starts the container again.
# Asked to stop, the front finishes what it has begun first, since all of it goes through the other.
set -u

configs=${1:-/etc/switchyard}
rm -f /tmp/edge.sock
haproxy -db -f "$configs/haproxy.cfg" &
edge=$!
for _ in {1..200}; do
  [[ -S /tmp/edge.sock ]] || ! kill -0 "$edge" 2>/dev/null || sleep 0.05
done
haproxy -db -f "$configs/front.cfg" &
front=$!

stop() {
  trap '' USR1 TERM INT
  kill -USR1 "$front"
  wait "$front"
  kill -USR1 "$edge"
  wait "$edge"
  exit 0
}
trap stop USR1 TERM INT

wait -n
kill -KILL "$front" "$edge" 2>/dev/null
exit 1

#!/bin/bash
# Runs the edge's two HAProxy processes: one with haproxy.cfg, and in front of it one with front.cfg. If either exits, this stops both
# and exits, and Docker restarts the container.
# On a stop signal the front process finishes its requests first, because all of them go through the other process.
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

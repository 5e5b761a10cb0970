#!/usr/bin/env bash
# Ctrl-C at a terminal goes to every process of the foreground group: here to a search that was started through tools/env, on a host
# other than Debian 13 with bwrap between the shell and the search. It must stop cleanly, end with 130, and be resumable.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=build/release/bin/edgewise
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/job.yaml" <<'JOB'
task: box
data: {path: builtin:faces, count: 200, input: 32}
space: {family: backbones, backbone: [squeezenet1_1, shufflenet_v2_x0_5, mnasnet0_5, mobilenet_v3_small], learning_rate: [0.01, 0.001]}
device: {name: local, max_seconds: 0.1, min_runs: 5, max_runs: 10}
train: {batch: 16, epochs: 20}
search: {strategy: grid}
JOB

fail() {
  echo "interrupt: $1"
  tail -n 20 "$folder/log"
  exit 1
}

set -m  # a job of its own process group, as a terminal's shell makes it, with SIGINT as it was
tools/env "$program" search "$folder/job.yaml" > "$folder/log" 2>&1 &
search=$!
for _ in $(seq 300); do
  ! grep -q '^expected' "$folder/log" || break
  kill -0 "$search" 2>/dev/null || fail "the search ended before it began"
  sleep 0.5
done
sleep 4  # into the first trials
kill -0 "$search" 2>/dev/null || fail "the search ended before it could be interrupted"
kill -INT -- "-$search"
code=0
wait "$search" || code=$?
[ "$code" = 130 ] || fail "it ended with $code, not 130"
grep -q 'interrupted; resume with: edgewise search' "$folder/log" || fail "it does not say how to resume"
state=$(tools/env "$program" status "$folder/job" --json)
! grep -q '"running"' <<< "$state" || fail "a trial is left running: $state"
grep -q '"waiting"' <<< "$state" || fail "nothing is left to resume: $state"
echo "interrupt: Ctrl-C through tools/env stops a search cleanly"

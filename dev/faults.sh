#!/usr/bin/env bash
# The long form of the reliability suites, of what is built: some 12 minutes. The load goes last and alone: what it says of the workers'
# time is of a quiet machine.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

run() {
  COMFY_FAULTS=1 swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 3 --filter "EndToEndTests\.($1)" 2>&1 |
    grep -vE '^◇ |^\{"timestamp"'
  return "${PIPESTATUS[0]}"
}

failures=0
run '(Kill|Fault)Tests' || failures=1
run 'LoadTests' || failures=1
exit "$failures"

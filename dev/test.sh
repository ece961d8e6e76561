#!/usr/bin/env bash
# Builds everything and runs every test: Swift's, then Python's. The last line is "N passed, N failed".
# Status 0 only when something ran and nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
export LC_ALL=C.UTF-8 # the signs before a line are matched as one character
logs=.build/test-logs
mkdir -p "$logs" || exit 1
passed=0
failed=0
problems=()

# A runner that ended badly without a failed test to show for it (it crashed, or ran nothing) is one failure more.
account() {
  local name=$1 good=$2 bad=$3 status=$4
  if [[ ($bad -eq 0 && $status -ne 0) || $((good + bad)) -eq 0 ]]; then
    problems+=("$name ended with status $status after $good tests that passed; its output is in $logs")
    bad=$((bad + 1))
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
}

build() {
  local log=$1
  shift
  if ! "$@" >"$logs/$log.log" 2>&1; then
    grep -E 'error:' "$logs/$log.log" | sort -u | head -n 40
    tail -n 15 "$logs/$log.log"
    echo "the build failed: $*"
    return 1
  fi
}

# The compiler takes a whole module at once in a release build, on one core: so two of these run side by side.
release_builds() {
  local package failures=0
  dev/package.sh >"$logs/package.log" 2>&1 &
  package=$!
  build release swift build -c release --product comfy-lambda || failures=1
  build examples swift build --package-path Examples || failures=1
  # What is deployed is what the end-to-end tests run. Without it they fail, and the other tests still tell something.
  if ! wait "$package"; then
    problems+=("dev/package.sh failed:" "$(tail -n 5 "$logs/package.log")")
    failed=$((failed + 1))
  fi
  return "$failures"
}

swift_tests() {
  local status good bad ended
  # Hundreds of tests at once would ask one moto at once, and wait for it rather than for what they test.
  local width=$(($(nproc) * 3))
  # A crash shows where it happened, not every register. Each test's start and success would drown what matters.
  SWIFT_BACKTRACE=${SWIFT_BACKTRACE:-registers=none,images=none,color=no} swift test --skip-build --disable-xctest \
    --experimental-maximum-parallelization-width "$width" 2>&1 |
    tee "$logs/swift.log" | grep -vE '^(◇|✔) |^\{"timestamp"|^\[[0-9]+/[0-9]+\]|^Build complete'
  status=${PIPESTATUS[0]}
  # A test counts once, whatever the number of its cases and issues.
  ended=$(grep -E '^. Test .* (passed|failed) after ' "$logs/swift.log" | grep -vE '^. Test (run with|case passing) ')
  good=$(grep -cE ' passed after [0-9.]+ seconds' <<<"$ended")
  bad=$(grep -cE '^✘ .* failed after [0-9.]+ seconds' <<<"$ended")
  if [[ $bad -gt 0 ]]; then
    problems+=("Swift tests that failed:" "$(grep -E '^✘ Test .* recorded an issue' "$logs/swift.log" | sort -u | head -n 60)")
  fi
  if ! grep -qE '^. Test run with [0-9]+ tests? ' "$logs/swift.log"; then
    problems+=("swift test did not come to its end")
    bad=$((bad + 1))
  fi
  account "swift test" "$good" "$bad" "$status"
}

python_tests() {
  local status closing good bad
  .venv/bin/python -m pytest dev/tests -q --no-header -p no:cacheprovider 2>&1 | tee "$logs/pytest.log"
  status=${PIPESTATUS[0]}
  closing=$(grep -E '^[0-9].* in [0-9.]+s' "$logs/pytest.log" | tail -n 1)
  good=$(count passed "$closing")
  bad=$(($(count failed "$closing") + $(count error "$closing")))
  [[ $bad -eq 0 ]] || problems+=("Python tests that failed:" "$(grep -E '^(FAILED|ERROR) ' "$logs/pytest.log")")
  account pytest "$good" "$bad" "$status"
}

# Ten seconds of what reads foreign bytes, each a test; `make fuzz` takes longer.
fuzz_tests() {
  local status closing
  dev/fuzz.sh 10 2>&1 | tee "$logs/fuzz.log" | sed '$d'
  status=${PIPESTATUS[0]}
  closing=$(tail -n 1 "$logs/fuzz.log")
  [[ $status -eq 0 ]] || problems+=("The fuzzer found something, or did not run: $logs/fuzz.log")
  account fuzz "$(count passed "$closing")" "$(count failed "$closing")" "$status"
}

# The number before a word in a closing line.
count() {
  local number
  number=$(sed -nE "s/(^|.*[^0-9])([0-9]+) $1s?\\b.*/\\2/p" <<<"$2")
  echo "${number:-0}"
}

echo "building"
if ! build debug swift build --build-tests || ! release_builds; then
  echo "0 passed, 1 failed"
  exit 1
fi
swift_tests
# Python's tests wait more than they compute. What fails here is told where the fuzzer runs.
nice dev/fuzz.sh --build >"$logs/fuzz-build.log" 2>&1 &
python_tests
wait
fuzz_tests
[[ ${#problems[@]} -eq 0 ]] || printf '\n%s\n' "${problems[@]}"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]

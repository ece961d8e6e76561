#!/usr/bin/env bash
# Builds everything and runs every test: Swift's, then Python's. The last line is "N passed, N failed".
# Status 0 only when something ran and nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
logs=.build/test-logs
mkdir -p "$logs" || exit 1
passed=0
failed=0
problems=()

# A runner that ended badly without a failed test to show for it (it crashed, or ran nothing) is one failure.
account() {
  local name=$1 ran=$2 bad=$3 status=$4
  if [[ $bad -eq 0 && ($status -ne 0 || $ran -eq 0) ]]; then
    problems+=("$name ended with status $status after $ran tests; its output is in $logs")
    bad=1
    ran=$((ran + 1))
  fi
  passed=$((passed + ran - bad))
  failed=$((failed + bad))
}

build() {
  if ! "$@" >"$logs/build.log" 2>&1; then
    grep -E 'error:' "$logs/build.log" | sort -u | head -n 40
    tail -n 15 "$logs/build.log"
    echo "the build failed: $*"
    echo "0 passed, 1 failed"
    exit 1
  fi
}

swift_tests() {
  local status closing ran bad
  # Each test's start and success would drown what matters; the log keeps them.
  swift test --skip-build --disable-xctest 2>&1 | tee "$logs/swift.log" | grep -vE '^(◇|✔) |^\[[0-9]+/[0-9]+\]|^Build complete'
  status=${PIPESTATUS[0]}
  closing=$(grep -E '^. Test run with [0-9]+ tests? ' "$logs/swift.log" | tail -n 1)
  ran=$(sed -nE 's/.*Test run with ([0-9]+) tests? .*/\1/p' <<<"$closing")
  bad=$(grep -cE '^✘ Test .* (failed after|recorded an issue)' "$logs/swift.log")
  if [[ $bad -gt 0 ]]; then
    # A test fails once however many issues it records.
    bad=$(grep -E '^✘ Test (.*) failed after [0-9.]+ seconds' "$logs/swift.log" | grep -vcE '^✘ Test (run|case) ')
    problems+=("Swift tests that failed:" "$(grep -E '^✘ Test .* recorded an issue' "$logs/swift.log" | sort -u | head -n 60)")
  fi
  account "swift test" "${ran:-0}" "$bad" "$status"
}

python_tests() {
  local status closing ran bad
  .venv/bin/python -m pytest dev/tests -q --no-header -p no:cacheprovider 2>&1 | tee "$logs/pytest.log"
  status=${PIPESTATUS[0]}
  closing=$(grep -E '^[0-9].* in [0-9.]+s' "$logs/pytest.log" | tail -n 1)
  ran=0
  bad=0
  for word in passed failed error; do
    count=$(sed -nE "s/.*\\b([0-9]+) ${word}s?\\b.*/\\1/p" <<<"$closing")
    ran=$((ran + ${count:-0}))
    [[ $word == passed ]] || bad=$((bad + ${count:-0}))
  done
  [[ $bad -eq 0 ]] || problems+=("Python tests that failed:" "$(grep -E '^(FAILED|ERROR) ' "$logs/pytest.log")")
  account pytest "$ran" "$bad" "$status"
}

echo "building"
build swift build --build-tests
build swift build -c release --product bootstrap
build swift build -c release --product comfy-lambda
swift_tests
python_tests
[[ ${#problems[@]} -eq 0 ]] || printf '\n%s\n' "${problems[@]}"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]

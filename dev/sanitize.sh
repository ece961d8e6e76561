#!/usr/bin/env bash
# The tests of the modules that own memory and threads, under ThreadSanitizer and AddressSanitizer.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
status=0
for sanitizer in thread address; do
  echo "$sanitizer sanitizer"
  # Its own scratch folder: an instrumented build would displace the ordinary one. The empty XCTest pass leaks by itself. All tests at
  # once would be slow enough under a sanitizer for limits of seconds to pass.
  TSAN_OPTIONS="suppressions=$PWD/dev/thread-sanitizer.supp" swift test --sanitize="$sanitizer" --disable-xctest --experimental-maximum-parallelization-width 6 \
    --scratch-path ".build/sanitize-$sanitizer" \
    --filter '^(HTTPTests|LocalServerTests|JSONTests|CryptoTests|LambdaRuntimeTests|LambdaCodableTests)\.' 2>&1 | grep -vE '^(◇|✔ (Test|Suite)) |^\[[0-9]+/[0-9]+\]'
  if [[ ${PIPESTATUS[0]} -eq 0 ]]; then
    echo "$sanitizer sanitizer: nothing found"
  else
    echo "$sanitizer sanitizer: see above"
    status=1
  fi
done
exit "$status"

#!/usr/bin/env bash
# Fuzzes what reads bytes of others, with libFuzzer: dev/fuzz.sh [SECONDS] [TARGET...], by default 10 s each of all;
# dev/fuzz.sh --build only builds the program.
# The last line is "N passed, M failed"; what a failure was found with stays in .build/fuzz/finds.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
seconds=${1:-10}
shift || true
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(xml json date event websocket response chunks)
work=.build/fuzz
mkdir -p "$work/finds" "$work/logs" || exit 1

# An optimized build with a scratch folder of its own, since every module of it is instrumented. libFuzzer brings main.
build=(swift build --package-path Fuzzing --scratch-path "$work/build" -c release --sanitize=fuzzer --product Fuzz
  -Xswiftc -parse-as-library -Xswiftc -enable-testing)
if ! "${build[@]}" >"$work/logs/build.log" 2>&1; then
  grep -E 'error:' "$work/logs/build.log" | sort -u | head -n 20
  echo "the fuzzer's build failed; its output is in $work/logs/build.log"
  echo "0 passed, 1 failed"
  exit 1
fi
[[ $seconds != --build ]] || exit 0
program=$("${build[@]}" --show-bin-path)/Fuzz

seeds() {
  echo "Fuzzing/Seeds/$1"
  case $1 in
    json | event) echo Tests/Fixtures/events/* Tests/Fixtures/api ;;
  esac
}

fuzz() {
  local target=$1 folders=()
  mkdir -p "$work/corpus/$target"
  for folder in $(seeds "$target"); do [[ -d $folder ]] && folders+=("$folder"); done
  # The backtracer would hang for minutes after a find.
  FUZZ_TARGET=$target SWIFT_BACKTRACE=enable=no "$program" "$work/corpus/$target" "${folders[@]}" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="$work/finds/$target-" >"$work/logs/$target.log" 2>&1
}
export -f fuzz seeds
export work seconds program

passed=0
failed=0
running=()
finish() { # waits for the first of those that run
  local entry=${running[0]} target=${running[0]%%:*}
  running=("${running[@]:1}")
  if wait "${entry#*:}"; then
    passed=$((passed + 1))
    echo "fuzz $target: $(sed -nE 's/^stat::number_of_executed_units: *//p' "$work/logs/$target.log") inputs, nothing found"
  else
    failed=$((failed + 1))
    echo "fuzz $target: found something; see $work/logs/$target.log and $work/finds"
    grep -aE 'Fatal error|ERROR: libFuzzer|Test unit written' "$work/logs/$target.log" | head -n 5
  fi
}
for target in "${targets[@]}"; do
  [[ ${#running[@]} -lt $(nproc) ]] || finish
  fuzz "$target" &
  running+=("$target:$!")
done
while [[ ${#running[@]} -gt 0 ]]; do finish; done
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]

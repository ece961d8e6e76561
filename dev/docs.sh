#!/usr/bin/env bash
# The reference pages of the library modules, without network: symbol graphs, then docc. A warning is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
graphs=.build/docs-graphs
out=.build/docs
rm -rf "$graphs" "$out"
mkdir -p "$graphs" "$out"
toolchain=$(dirname "$(readlink -f "$(command -v swift)")")
docc=$toolchain/docc
[[ -x $docc ]] || docc=$(command -v docc) || {
  echo "the toolchain has no docc; install the full Swift toolchain" >&2
  exit 1
}
# `swift package dump-symbol-graph` also asks for the package's tests, which an unbuilt checkout has not.
for target in Handlers LambdaCodable; do swift build --quiet --target "$target"; done
bin=$(swift build --show-bin-path)
c_modules=()
for map in Sources/C*/module.modulemap; do c_modules+=(-Xcc "-fmodule-map-file=$map"); done
status=0
for module in LambdaRuntime LambdaCodable AWSClients ComfyUI Handlers HTTP JSON Crypto Telemetry Time; do
  mkdir -p "$graphs/$module"
  "$toolchain/swift-symbolgraph-extract" -module-name "$module" -target "$(basename "${bin%/*}")" -I "$bin/Modules" \
    "${c_modules[@]}" -minimum-access-level public -skip-synthesized-members -output-dir "$graphs/$module"
  if "$docc" convert --additional-symbol-graph-dir "$graphs/$module" --fallback-display-name "$module" \
    --fallback-bundle-identifier "comfy-lambda.$module" --warnings-as-errors --output-path "$out/$module" \
    >"$graphs/$module/log" 2>&1; then
    echo "$out/$module"
  else
    cat "$graphs/$module/log" >&2
    status=1
  fi
done
exit "$status"

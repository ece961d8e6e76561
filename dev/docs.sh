#!/usr/bin/env bash
# The reference pages of the library modules, without network: symbol graphs, then docc. A warning is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
graphs=.build/docs-graphs
out=.build/docs
rm -rf "$graphs" "$out"
mkdir -p "$graphs" "$out"
docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc
[[ -x $docc ]] || docc=$(command -v docc) || {
  echo "the toolchain has no docc; install the full Swift toolchain" >&2
  exit 1
}
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >"$graphs/log" 2>&1 || {
  tail -n 20 "$graphs/log" >&2
  exit 1
}
bin=$(swift build --show-bin-path)
status=0
for module in LambdaRuntime LambdaCodable AWSClients ComfyUI Handlers HTTP JSON Crypto Telemetry Time; do
  mkdir -p "$graphs/$module"
  cp "${bin%/*}"/symbolgraph/"$module"*.symbols.json "$graphs/$module/"
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

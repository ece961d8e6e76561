#!/bin/bash
# All measurements, one after another; with names (`run.sh json`) only those. README.md says what each of them is.
set -euo pipefail
cd "$(dirname "$0")"

json() {
    swift build --package-path json -c release --quiet
    python3 json/compare.py "$(swift build --package-path json -c release --show-bin-path)/parse" json/workflow.json
}

signing() {
    local build=(swift build --package-path signing -c release --static-swift-stdlib -Xswiftc -enable-testing) sign
    "${build[@]}" --quiet
    sign=$("${build[@]}" --show-bin-path)/sign
    ../.venv/bin/python signing/compare.py "$sign"
    ../.venv/bin/python signing/compare.py "$sign" --instructions
}

for name in "${@:-json}"; do
    case $name in
    json) echo "json: parsing a workflow" && json ;;
    signing) echo "signing: SigV4 beside botocore" && signing ;;
    *) echo "There is no measurement '$name'; there are json and signing." >&2 && exit 1 ;;
    esac
done

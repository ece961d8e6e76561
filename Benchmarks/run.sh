#!/bin/bash
# All measurements, one after another; with names (`run.sh json`) only those. README.md says what each of them is.
set -euo pipefail
cd "$(dirname "$0")"

json() {
    swift build --package-path json -c release --quiet
    python3 json/compare.py "$(swift build --package-path json -c release --show-bin-path)/parse" json/workflow.json
}

for name in "${@:-json}"; do
    case $name in
    json) echo "json: parsing a workflow" && json ;;
    *) echo "There is no measurement '$name'; there is json." >&2 && exit 1 ;;
    esac
done

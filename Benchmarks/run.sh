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

streaming() {
    local build=(swift build --package-path streaming -c release --static-swift-stdlib)
    "${build[@]}" --quiet
    ../.venv/bin/python streaming/run.py "$("${build[@]}" --show-bin-path)/transfer"
}

# What latency, video and handoff run: the programs as released.
programs() {
    swift build --package-path .. -c release --quiet --product bootstrap
    swift build --package-path .. -c release --quiet --product comfy-lambda
    swift build --package-path .. -c release --show-bin-path
}

latency() {
    local build=(swift build --package-path latency -c release --static-swift-stdlib)
    "${build[@]}" --quiet
    ../.venv/bin/python latency/latency.py "$(programs)" "$("${build[@]}" --show-bin-path)/bare"
}

video() {
    ../.venv/bin/python latency/video.py "$(programs)"
}

handoff() {
    ../.venv/bin/python latency/handoff.py "$(programs)"
}

# The names of runtime/measure.py.
runtime=(cold echo typed submit handler memory zip concurrency)

names=("$@")
[[ ${#names[@]} -gt 0 ]] || names=(json signing streaming latency video handoff "${runtime[@]}")
chosen=()
for name in "${names[@]}"; do
    case $name in
    json | signing | streaming | latency | video | handoff) ;;
    runtime) chosen+=("${runtime[@]}") ;;
    *) [[ " ${runtime[*]} " == *" $name "* ]] || { echo "There is no measurement '$name'; there are json, signing, streaming, latency, video, handoff, ${runtime[*]}, and runtime for all but the first six." >&2 && exit 1; }
        chosen+=("$name") ;;
    esac
done

for name in "${names[@]}"; do
    case $name in
    json) echo "json: parsing a workflow" && json ;;
    signing) echo "signing: SigV4 beside botocore" && signing ;;
    streaming) echo "streaming: 1 GB to and from S3 in bounded memory" && streaming ;;
    latency) echo "latency: from ComfyUI's last message to the announcement" && latency ;;
    handoff) echo "handoff: how long progress stands still when a job is handed over" && handoff ;;
    video) echo "video: memory while large outputs go from a worker to S3" && video ;;
    esac
done
if [[ ${#chosen[@]} -gt 0 ]]; then
    runtime/build.sh
    python3 runtime/measure.py "${chosen[@]}"
fi

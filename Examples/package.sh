#!/usr/bin/env bash
# Builds one example for Lambda: Examples/.build/lambda/NAME.zip with one static file, bootstrap. After `make package`, which
# builds the static libcurl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
name=${1:?usage: Examples/package.sh NAME}
static=$PWD/../.build/static
[[ -d $static/pkgconfig ]] || { echo "run 'make package' first: it builds the static libcurl" >&2; exit 1; }

PKG_CONFIG_PATH=$static/pkgconfig swift build -c release --product "$name" --scratch-path .build/static \
  -Xswiftc -static-executable -Xswiftc -L"$static/curl/lib" \
  -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --gc-sections
mkdir -p ".build/lambda/$name"
strip -o ".build/lambda/$name/bootstrap" ".build/static/release/$name"
rm -f ".build/lambda/$name.zip"
zip -jq -9 ".build/lambda/$name.zip" ".build/lambda/$name/bootstrap"
ls -l ".build/lambda/$name.zip"

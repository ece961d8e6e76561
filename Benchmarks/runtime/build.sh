#!/bin/bash
# Builds what the runtime's measurements run, into .build/benchmarks: the load generator, the floors, the functions, Python's runtime.
set -euo pipefail
cd "$(dirname "$0")/../.."

dev/package.sh
out=$PWD/.build/benchmarks
curl_home=$PWD/.build/static/curl
mkdir -p "$out"

cc=(gcc -std=gnu17 -O2 -Wall -Wextra -Wconversion -Werror)
"${cc[@]}" -o "$out/load" Benchmarks/runtime/load/*.c
"${cc[@]}" -static -o "$out/floor-socket" Benchmarks/runtime/floors/floor-socket.c
# The linker warns of functions in the archives that a static program should not call; none is called.
"${cc[@]}" -static -I"$curl_home/include" -o "$out/floor-curl" Benchmarks/runtime/floors/floor-curl.c \
    -L"$curl_home/lib" -lcurl -lcares -lssl -lcrypto -lz 2>"$out/floor-curl.log" || { cat "$out/floor-curl.log" >&2 && exit 1; }

# As dev/package.sh builds the product.
PKG_CONFIG_PATH=$PWD/.build/static/pkgconfig swift build -c release --quiet \
    --package-path Benchmarks/runtime/functions --scratch-path "$out/functions" \
    -Xswiftc -static-executable -Xswiftc -L"$curl_home/lib" -Xswiftc -use-ld=lld -Xlinker --gc-sections >"$out/functions.log" 2>&1 ||
    { grep error "$out/functions.log" >&2 && exit 1; }
for function in echo typed wait; do
    strip -o "$out/$function" "$out/functions/release/$function"
done

if ! cmp -s Benchmarks/runtime/python/requirements.txt "$out/python/installed.txt"; then
    python3 -m venv "$out/python"
    "$out/python/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r Benchmarks/runtime/python/requirements.txt
    cp Benchmarks/runtime/python/requirements.txt "$out/python/installed.txt"
fi

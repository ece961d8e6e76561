#!/usr/bin/env bash
# Builds .build/lambda/function.zip: one file, bootstrap, release, wholly static, stripped. It needs no library of
# the host, so it runs on Amazon Linux 2023 though it was built against Debian's newer glibc.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  printf 'package: %s\n' "$1" >&2
  exit 1
}

missing=()
for package in libc-ares-dev dpkg-dev zip binutils; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  [[ $(id -u) -eq 0 ]] || fail "these Debian packages are missing: ${missing[*]}; install them with apt-get"
  if ! { apt-get update -qq && apt-get install -y -qq "${missing[@]}" >/dev/null; }; then
    fail "apt-get could not install ${missing[*]}; is the network there?"
  fi
fi

dev/static-curl.sh
curl_home=$PWD/.build/static/curl

# The manifest finds the C libraries through pkg-config: this directory comes first there. All of them are named, because
# a search path of one that stands before ours would bring the system's libcurl in.
pkgconfig=$PWD/.build/static/pkgconfig
mkdir -p "$pkgconfig" .build/lambda
library() {
  printf 'Name: %s\nDescription: static\nVersion: 0\nLibs: -L%s/lib %s\nCflags: -I%s/include\n' \
    "$1" "$curl_home" "$2" "$curl_home" >"$pkgconfig/$1.pc"
}
library libcurl "-lcurl -lcares -lssl -lcrypto -lz"
library libcrypto -lcrypto
library zlib -lz
library expat -lexpat

echo "package: building bootstrap (static, release)"
log=.build/static/build.log
PKG_CONFIG_PATH=$pkgconfig swift build -c release --product bootstrap --scratch-path .build/static/swift \
  -Xswiftc -static-executable -Xswiftc -L"$curl_home/lib" -Xlinker --gc-sections >"$log" 2>&1 || {
  grep -E 'error' "$log" | head -n 20 >&2
  fail "the build failed; its output is in $log"
}
cp .build/static/swift/release/bootstrap .build/lambda/bootstrap
strip .build/lambda/bootstrap
# Lambda runs it as another user.
chmod 755 .build/lambda/bootstrap
rm -f .build/lambda/function.zip
# A fixed time and no extra fields: the same build gives the same bytes.
touch -d '2020-01-01T00:00:00Z' .build/lambda/bootstrap
(cd .build/lambda && TZ=UTC zip -q -X -9 function.zip bootstrap)
printf 'package: .build/lambda/function.zip, %s KB (bootstrap %s KB)\n' \
  "$(($(stat -c %s .build/lambda/function.zip) / 1024))" "$(($(stat -c %s .build/lambda/bootstrap) / 1024))"

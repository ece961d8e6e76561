#!/usr/bin/env bash
# Builds .build/lambda/function.zip: one file, bootstrap, release, wholly static, stripped. It needs no library of
# the host, so it runs on Amazon Linux 2023 though it was built against Debian's newer glibc.
# docs/decisions/static-binary.md says why each step is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  printf 'package: %s\n' "$1" >&2
  exit 1
}

for package in advancecomp binutils dpkg-dev libc-ares-dev libexpat1-dev libssl-dev zip zlib1g-dev; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    fail "Debian's package $package is missing: run 'make setup'"
done

dev/static-curl.sh
static=$PWD/.build/static
curl_home=$static/curl

# What is linked, as "name version"; the names are those of `bootstrap --version`.
swift_version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([^ ]+) .*/\1/p' | head -n 1)
linked() {
  local name package
  printf 'curl %s\n' "$(<"$curl_home/version")"
  while read -r name package; do
    # shellcheck disable=SC2016 # the format is dpkg-query's
    printf '%s %s\n' "$name" "$(dpkg-query -W -f '${Version}' "$package")"
  done <<END
OpenSSL libssl-dev
c-ares libc-ares-dev
zlib zlib1g-dev
expat libexpat1-dev
glibc libc6-dev
GCC libgcc-$(gcc_version)-dev
END
  printf 'Swift %s\n' "$swift_version"
}
gcc_version() { dpkg-query -W -f '${Package}\n' 'libgcc-*-dev' | sed -nE 's/^libgcc-([0-9]+)-dev$/\1/p' | sort -n | tail -n 1; }

# Debian's fix of a hole helps only once it is installed.
for package in libssl-dev zlib1g-dev libc-ares-dev libexpat1-dev libc6-dev; do
  read -r installed candidate < <(apt-cache policy "$package" | sed -nE 's/^ *(Installed|Candidate): //p' | tr '\n' ' ') || true
  [[ -z $candidate || $installed == "$candidate" ]] ||
    printf 'package: %s %s is linked, Debian has %s: apt-get install %s\n' "$package" "$installed" "$candidate" "$package" >&2
done

# The manifest finds the C libraries through pkg-config: this directory comes first there. All of them are named, because
# a search path of one that stands before ours would bring the system's libcurl in.
pkgconfig=$static/pkgconfig
mkdir -p "$pkgconfig" .build/lambda
library() {
  printf 'Name: %s\nDescription: static\nVersion: 0\nLibs: -L%s/lib %s\nCflags: -I%s/include\n' \
    "$1" "$curl_home" "$2" "$curl_home" >"$pkgconfig/$1.pc"
}
library libcurl "-lcurl -lcares -lssl -lcrypto -lz"
library libcares -lcares
library libcrypto -lcrypto
library zlib -lz
library expat -lexpat

# SwiftPM does not see that a library changed: then nothing that was compiled or linked against it is kept.
linked >"$static/linked.new"
sha256sum "$curl_home/lib/libcurl.a" >>"$static/linked.new"
if ! cmp -s "$static/linked" "$static/linked.new"; then
  rm -rf "$static/swift"
  mv "$static/linked.new" "$static/linked"
fi

# The functions of a start stand together: fewer pages are read and mapped. SwiftPM does not see that their order changed.
order=$PWD/dev/bootstrap.order
[[ ! $order -nt $static/swift/release/bootstrap ]] || rm -f "$static/swift/release/bootstrap"

echo "package: building bootstrap (static, release)"
log=$static/build.log
PKG_CONFIG_PATH=$pkgconfig swift build -c release --product bootstrap --scratch-path "$static/swift" \
  -Xswiftc -static-executable -Xswiftc -L"$curl_home/lib" -Xswiftc -use-ld=lld \
  -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --gc-sections -Xlinker --icf=all \
  -Xlinker --symbol-ordering-file="$order" -Xlinker --no-warn-symbol-ordering >"$log" 2>&1 || {
  grep -E 'error' "$log" | head -n 20 >&2
  fail "the build failed; its output is in $log"
}
nm --print-size "$static/swift/release/bootstrap" >"$static/symbols"
awk 'NR == FNR { is_there[$NF] = 1; next } !($1 in is_there) { gone++ } END { exit gone > FNR / 5 }' "$static/symbols" "$order" ||
  echo "package: a fifth of dev/bootstrap.order is gone: 'make order' writes it anew" >&2
binary=$static/bootstrap
strip -o "$binary" "$static/swift/release/bootstrap"

# Overwrites a section with a file's bytes, and zeros up to its size.
fill_section() {
  local size
  size=$((16#$(objdump -h -j "$1" "$binary" | awk -v name="$1" '$2 == name { print $3 }')))
  [[ $(stat -c %s "$2") -le $size ]] || fail "what is to stand in $1 is longer than $size bytes"
  { cat "$2" && head -c "$size" /dev/zero; } | head -c "$size" >"$static/section"
  objcopy --update-section "$1=$static/section" "$binary" 2>"$static/objcopy.log" ||
    fail "objcopy could not write $1; see $static/objcopy.log"
}

# Tables for C++ exceptions, which nothing here throws: zeros say that there are none, and take no room in the zip.
fill_section .eh_frame /dev/null
fill_section .eh_frame_hdr /dev/null

# Overwrites a table that no code here reads with zeros. Another version of Swift may not have it: then it is only larger.
clear_table() {
  local address size section offset
  read -r address size < <(awk -v name="$1" '$4 == name { print $1, $2 }' "$static/symbols") || return 0
  read -r section offset < <(readelf -SW "$binary" | sed -nE 's/^.* \.rodata +PROGBITS +([0-9a-f]+) ([0-9a-f]+) .*/\1 \2/p')
  head -c "$((16#$size))" /dev/zero |
    dd of="$binary" bs=64K oflag=seek_bytes seek="$((16#$offset + 16#$address - 16#$section))" conv=notrunc status=none
}

# The names of all characters, which only Unicode.Scalar.Properties.name looks up.
for table in names names_scalars names_scalar_sets words word_indices; do
  table=_swift_stdlib_$table
  clear_table "_ZL${#table}$table"
done

# What `bootstrap --version` says of this build. A source tree without git names its commit in COMFY_LAMBDA_COMMIT.
commit=${COMFY_LAMBDA_COMMIT:-$(git rev-parse HEAD 2>/dev/null || true)}
[[ -z $(git status --porcelain --untracked-files=no 2>/dev/null) ]] || commit+=" with local changes"
{
  [[ -z $commit ]] || printf 'commit %s\n' "$commit"
  linked
} >"$static/stamp"
fill_section .comfy_build "$static/stamp"

"$binary" --version >"$static/version" || fail "$binary does not start"
grep -qxF "commit ${commit:-unknown}" "$static/version" || [[ -z $commit ]] || fail "$binary does not know its commit"

# Whole at once: objcopy writes in pieces of 8 KB, which the page cache keeps as such and a start then maps one by one. Lambda runs it
# as another user.
packaged=.build/lambda/bootstrap
rm -f "$packaged" .build/lambda/function.zip
install -m 755 "$binary" "$packaged"
# A fixed time and no extra fields: the same build gives the same bytes.
touch -d '2020-01-01T00:00:00Z' "$packaged"
(cd .build/lambda && TZ=UTC zip -q -X -9 function.zip bootstrap && advzip -q -z -2 function.zip)
printf 'package: .build/lambda/function.zip, %s KB (bootstrap %s KB)\n' \
  "$(($(stat -c %s .build/lambda/function.zip) / 1024))" "$(($(stat -c %s "$binary") / 1024))"

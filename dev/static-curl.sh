#!/usr/bin/env bash
# Builds the static, HTTP-only libcurl that the deployed binary links, from Debian's own source package, into
# .build/static/curl. apt checks the hashes; Debian's security patches are in it. Cached by the package's version
# and the configure line: a second run does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

out="$PWD/.build/static/curl"
work="$PWD/.build/static/curl-source"
fail() { printf 'static-curl: %s\n' "$1" >&2; exit 1; }

configure=(
    --disable-shared --enable-static --with-openssl --with-zlib --enable-ares
    --without-brotli --without-zstd --without-nghttp2 --without-libidn2 --without-libpsl
    --without-librtmp --without-libssh2 --without-gssapi --without-libgsasl
    --without-ca-bundle --without-ca-path
)
# Everything that is not HTTP(S), and what of HTTP we do ourselves or not at all. Verbose stays (else every
# error text is "Error"), and so does proxy.
for feature in ldap ldaps ftp file dict telnet tftp pop3 imap smb smtp gopher mqtt rtsp manual ntlm tls-srp \
    unix-sockets alt-svc hsts cookies http-auth doh mime dateparse netrc progress-meter dnsshuffle \
    get-easy-options headers-api crypto-auth versioned-symbols openssl-auto-load-config sspi ech ntlm-wb \
    dependency-tracking; do
    configure+=("--disable-$feature")
done
export CFLAGS="-Os -ffunction-sections -fdata-sections"

# An apt of our own: its lists have the source packages, the system's stay as they are.
apt_home="$PWD/.build/static/apt"
mkdir -p "$apt_home/sources" "$apt_home/lists/partial"
found=0
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] || continue
    if grep -q '^deb ' "$file"; then
        sed -n 's/^deb /deb-src /p' "$file" >"$apt_home/sources/$(basename "$file")"
        [ "${file%.list}" = "$file" ] || found=1
        found=1
    fi
done
for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] || continue
    sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt_home/sources/$(basename "$file")"
    found=1
done
[ "$found" = 1 ] || fail "no apt source is configured on this machine; Debian 12 is needed to build the static binary"
apt=(-oDir::Etc::SourceList=/dev/null "-oDir::Etc::SourceParts=$apt_home/sources" "-oDir::State::Lists=$apt_home/lists"
    -oAPT::Get::List-Cleanup=0 -qq)

if [ -f "$out/stamp" ] && [ "$(cat "$out/stamp")" = "$(printf '%s\n' "${configure[@]}" "$CFLAGS" | sha256sum)" ]; then
    exit 0
fi
apt-get "${apt[@]}" update || fail "the source packages' list could not be fetched; is the network there?"
rm -rf "$work" && mkdir -p "$work"
(cd "$work" && apt-get "${apt[@]}" source curl >source.log 2>&1) ||
    fail "the source of curl could not be fetched; see $work/source.log"
cd "$work"/curl-*/
printf 'static-curl: building %s\n' "$(basename "$PWD")"
./configure --prefix="$out" "${configure[@]}" >../configure.log 2>&1 || fail "configure failed; see $work/configure.log"
make -j"$(nproc)" -C lib >../make.log 2>&1 || fail "make failed; see $work/make.log"
rm -rf "$out"
make -C lib install >>../make.log 2>&1
make -C include install >>../make.log 2>&1
basename "$PWD" >"$out/version"
printf '%s\n' "${configure[@]}" "$CFLAGS" | sha256sum >"$out/stamp"

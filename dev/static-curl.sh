#!/usr/bin/env bash
# Builds the static, HTTP-only libcurl that the packaged binary links, from Debian's own source package, into
# .build/static/curl: Debian's security patches are in it. Cached: a second run does nothing, until the configure line,
# the compiler's flags, the version that Debian offers, or a library that it stands on change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Debian 12's. The sources come through apt, which checks them against Debian's signature; the sum is that of the
# tarball as curl's authors published it, so that a change of either is seen.
upstream=7.88.1
upstream_sha256=cdb38b72e36bc5d33d5b8810f8018ece1baa29a8f215b4495e495ded82bbf3c7

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

out=$PWD/.build/static/curl
work=$PWD/.build/static/curl-source
fail() {
  printf 'static-curl: %s\n' "$1" >&2
  exit 1
}

# The source has the version of the packages that are built from it.
version=$(apt-cache policy libcurl4-openssl-dev 2>/dev/null | sed -nE 's/^ *Candidate: (.*[^)])$/\1/p' | sed -E 's/\+b[0-9]+$//')
[[ -n $version ]] || fail "apt knows no libcurl4-openssl-dev: run 'apt-get update' on Debian 12"
[[ $version == "$upstream"-* ]] ||
  fail "Debian offers curl $version, and this script is for $upstream (Debian 12): look at the configure line, then change its version and sum"

fingerprint=$(printf '%s\n' "$version" "$upstream_sha256" "${configure[@]}" "$CFLAGS" &&
  dpkg-query -W libssl-dev zlib1g-dev libc-ares-dev)
if [[ -f $out/fingerprint && $(<"$out/fingerprint") == "$fingerprint" ]]; then
  exit 0
fi

# An apt of our own: its lists have the source packages, the system's stay as they are.
apt_home=$PWD/.build/static/apt
rm -rf "$apt_home"
mkdir -p "$apt_home/sources" "$apt_home/lists/partial"
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [[ -f $file ]] || continue
  case $file in
    *.list) sed -n 's/^deb /deb-src /p' "$file" >"$apt_home/sources/$(basename "$file")" ;;
    *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt_home/sources/$(basename "$file")" ;;
  esac
done
apt=(-oDir::Etc::SourceList=/dev/null "-oDir::Etc::SourceParts=$apt_home/sources" "-oDir::State::Lists=$apt_home/lists"
  -oAPT::Get::List-Cleanup=0 -qq)
# A source of another vendor may have no source packages: what counts is that curl's come.
apt-get "${apt[@]}" update >/dev/null 2>"$apt_home/log" || true
rm -rf "$work" && mkdir -p "$work"
(cd "$work" && apt-get "${apt[@]}" source "curl=$version" >source.log 2>&1) ||
  fail "the source of curl $version could not be fetched; see $work/source.log and $apt_home/log"
printf '%s  %s\n' "$upstream_sha256" "$work/curl_$upstream.orig.tar.gz" | sha256sum --check --quiet ||
  fail "curl_$upstream.orig.tar.gz is not what curl's authors published"

cd "$work/curl-$upstream"
printf 'static-curl: building curl %s\n' "$version"
./configure --prefix="$out" "${configure[@]}" >../configure.log 2>&1 || fail "configure failed; see $work/configure.log"
make -j"$(nproc)" -C lib >../make.log 2>&1 || fail "make failed; see $work/make.log"
rm -rf "$out"
make -C lib install >>../make.log 2>&1
make -C include install >>../make.log 2>&1
printf '%s\n' "$version" >"$out/version"
printf '%s\n' "$fingerprint" >"$out/fingerprint"

#!/usr/bin/env bash
# Sets up what building, testing and running need: Debian packages and a Python environment in .venv.
# Says what to do when it cannot. Quick when nothing changed. `--check` changes nothing and only tells.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
cd "$root" || exit 1
venv=$root/.venv
log=$root/.local/setup.log
stamp=$venv/.setup-stamp
requirements=dev/requirements.txt
emulator=$venv/bin/aws-lambda-rie
packages=(
  advancecomp binutils ca-certificates chromium dpkg-dev fonts-dejavu-core libc-ares-dev libcurl4-openssl-dev
  libexpat1-dev libfaketime libmicrohttpd-dev libssl-dev make openssl pkg-config prometheus python3
  python3-venv shellcheck wrk zip zlib1g-dev
)
swift_wanted=6.3
disk_wanted_mb=2000

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "setup: $*"
  exit 1
}

check_only=false
case "${1:-}" in
  "") ;;
  --check) check_only=true ;;
  -h | --help)
    echo "usage: dev/setup.sh [--check]"
    echo "Installs the Debian packages and the Python environment (.venv) that this project needs."
    echo "  --check   change nothing, only tell what is missing (status 1 when something is)"
    exit 0
    ;;
  *) fail "unknown argument '$1'; the only one is --check" ;;
esac

# What the finished set-up depended on. A change of any of it sets up anew.
fingerprint() {
  sha256sum dev/setup.sh "$requirements" dev/emulator.txt dev/fetch_emulator.py 2>/dev/null
  for program in swift python3; do
    path=$(command -v "$program") && stat -Lc '%n %s %Y' "$path" 2>/dev/null
  done
  dpkg-query -W -f='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null
}

is_current() {
  [[ -x $venv/bin/python && -x $emulator && -f $stamp ]] && [[ $(<"$stamp") == "$(fingerprint)" ]]
}

missing_packages() {
  if command -v dpkg-query >/dev/null; then
    local installed
    installed=$(dpkg-query -W -f='${Package} ${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null)
    for package in "${packages[@]}"; do
      grep -q "^$package ii" <<<"$installed" || echo "$package"
    done
    return
  fi
  # No Debian: what the packages provide is what counts.
  for library in libcurl:libcurl4-openssl-dev libcares:libc-ares-dev expat:libexpat1-dev \
    libmicrohttpd:libmicrohttpd-dev libcrypto:libssl-dev zlib:zlib1g-dev; do
    pkg-config --exists "${library%%:*}" 2>/dev/null || echo "${library##*:}"
  done
  for program in chromium make openssl pkg-config promtool:prometheus python3 shellcheck wrk; do
    command -v "${program%%:*}" >/dev/null || echo "${program##*:}"
  done
}

install_packages() {
  local missing=("$@") as_root=()
  command -v apt-get >/dev/null ||
    fail "these are missing and there is no apt-get to install them: ${missing[*]} (Debian's names). Install what they hold, then run this again."
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
      fail "these Debian packages are missing and installing them needs root: ${missing[*]}. As root run: apt-get install ${missing[*]}"
    fi
    as_root=(sudo -n env)
  fi
  say "setup: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! "${as_root[@]}" apt-get update </dev/null >"$log" 2>&1 ||
    ! "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
    explain "apt-get could not install ${missing[*]}"
  fi
}

# Ends with the reason found in the log, in words.
explain() {
  local what=$1
  if grep -qiE 'no space left|disk quota' "$log"; then
    fail "$what: the disk is full. Make room (about $disk_wanted_mb MB), then run this again."
  elif grep -qiE 'temporary failure|name resolution|could not resolve|network is unreachable|connection (refused|timed out|error)|failed to establish|ConnectTimeout|ProxyError|Could not connect|Unable to connect' "$log"; then
    fail "$what: the network or its proxy did not answer. Check the connection, then run this again; the log is ${log#"$root"/}."
  elif grep -qiE 'dpkg.*lock|lock-frontend' "$log"; then
    fail "$what: another package manager is at work. Wait for it to end, then run this again."
  fi
  tail -n 5 "$log" >&2
  fail "$what; its last lines are above, all of them in ${log#"$root"/}."
}

check_python() {
  command -v python3 >/dev/null || fail "there is no python3. Install Debian's python3 (3.11 or later)."
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "python3 is $(python3 --version 2>&1), and 3.11 or later is needed. Install it, or put it first on the PATH."
  python3 -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$(command -v python3) has no venv module. Install Debian's python3-venv."
}

check_swift() {
  local found
  command -v swift >/dev/null ||
    fail "there is no swift on the PATH. Install the Swift $swift_wanted toolchain from https://www.swift.org/install/linux/ and put its usr/bin on the PATH."
  found=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
  [[ -n $found ]] || fail "$(command -v swift) does not start. Run 'swift --version' to see why."
  [[ $(printf '%s\n' "$swift_wanted" "$found" | sort -V | head -n 1) == "$swift_wanted" ]] ||
    fail "swift is version $found, and $swift_wanted or later is needed: https://www.swift.org/install/linux/"
}

check_disk() {
  local free
  free=$(df -Pm "$root" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [[ -z $free || $free -ge $disk_wanted_mb ]] ||
    fail "only $free MB are free where this project lies, and about $disk_wanted_mb MB are needed. Make room, then run this again."
}

make_environment() {
  if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv" </dev/null >"$log" 2>&1 || explain "python3 could not make the environment .venv"
  fi
  say "setup: installing $requirements into .venv"
  "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --quiet --requirement "$requirements" \
    </dev/null >"$log" 2>&1 || explain "pip could not install $requirements"
}

fetch_emulator() {
  "$venv/bin/python" dev/fetch_emulator.py "$emulator" </dev/null >"$log" 2>&1 ||
    explain "AWS's Lambda emulator could not be fetched"
}

is_current && exit 0

mapfile -t missing < <(missing_packages)
if $check_only; then
  [[ ${#missing[@]} -eq 0 ]] || say "missing Debian packages: ${missing[*]}"
  check_swift
  check_python
  [[ ${#missing[@]} -eq 0 ]] || exit 1
  say "the Python environment .venv is not made yet, or not from the present $requirements"
  exit 1
fi

mkdir -p "$root/.local" 2>/dev/null || fail "cannot write to $root. Check its owner, or the disk."
exec 9>"$root/.local/setup.lock" || fail "cannot write to $root/.local. Check its owner, or the disk."
command -v flock >/dev/null && flock 9 # a second set-up at the same time waits
is_current && exit 0

check_swift
check_disk
[[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
check_python
make_environment
fetch_emulator
fingerprint >"$stamp" || fail "cannot write $stamp. Check the disk."
say "setup: done"

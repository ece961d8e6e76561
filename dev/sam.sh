#!/usr/bin/env bash
# Runs a program of the environment that template.yaml needs: dev/sam.sh sam validate --lint.
# The environment (sam, cfn-lint, check-jsonschema; 350 MB) is made in .build/sam at its first use. It is not part of
# .venv, because building, testing and running the code do without it.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
environment=$root/.build/sam
requirements=$root/dev/requirements-sam.txt
log=$root/.build/sam.log

fail() {
  printf 'sam: %s\n' "$*" >&2
  exit 1
}

[[ $# -gt 0 ]] || fail "usage: dev/sam.sh PROGRAM [ARGUMENT...]; PROGRAM is sam, cfn-lint, check-jsonschema or python"

is_current() {
  [[ -x $environment/bin/sam && -f $environment/.stamp ]] && cmp -s "$environment/.stamp" "$requirements"
}

install() {
  printf 'sam: installing dev/requirements-sam.txt into .build/sam (350 MB, about a minute)\n' >&2
  rm -rf "$environment"
  python3 -m venv "$environment" >"$log" 2>&1 || fail "python3 could not make an environment; see .build/sam.log"
  "$environment/bin/python" -m pip install --disable-pip-version-check --no-input --quiet --require-hashes --no-deps \
    --requirement "$requirements" </dev/null >>"$log" 2>&1 || {
    tail -n 3 "$log" >&2
    fail "pip could not install dev/requirements-sam.txt. Is the network there, and room on the disk? The log is .build/sam.log."
  }
  cp "$requirements" "$environment/.stamp"
}

if ! is_current; then
  mkdir -p "$root/.build" || fail "cannot write to $root"
  exec 9>"$root/.build/sam.lock" || fail "cannot write to $root/.build"
  flock 9 # a second one at the same time waits
  is_current || install
  exec 9>&-
fi

# Nothing here calls home.
export SAM_CLI_TELEMETRY=0 SAM_CLI_CHECK_FOR_UPDATES=0
export PATH=$environment/bin:$PATH
exec "$@"

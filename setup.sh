#!/usr/bin/env bash
# Installs what is missing and nothing else: `setup.sh packages NAME…` and `setup.sh environment`. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")"

fail() { printf '✗ %s\n  → %s\n' "$1" "$2" >&2; exit 1; }

packages() {
    local missing=() name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" = "ii " ] || missing+=("$name")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local as=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "missing packages: ${missing[*]}" "As root, run: apt-get install ${missing[*]}"
        as=(sudo)
    fi
    echo "· installing ${missing[*]}"
    local log; log=$(mktemp)
    { "${as[@]}" apt-get update -q && "${as[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 \
        || { tail -n 5 "$log" >&2; fail "the packages could not be installed: ${missing[*]}" "Look at the network and at apt, then try again."; }
    rm -f "$log"
}

# /usr/bin/python3 and no other: the switch starts door 2 as its own user, who could not reach one under somebody's home.
environment() {
    local stamp=.venv/.made
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$(cat requirements.lock pyproject.toml | sha256sum)" ] && return
    local python=/usr/bin/python3
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
        || fail "$python is missing or older than 3.11" "Use Debian 12 or newer, or Ubuntu 24.04 or newer."
    echo "· making the Python environment"
    rm -rf .venv && "$python" -m venv .venv || fail "no Python environment could be made" "Is there room on the disk?"
    # The lock names every package there is to install. Were pip to resolve as well, a release newer than a locked one that is
    # asked for by its extra ("coverage[toml]") would stop it.
    .venv/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.lock 2> >(grep -v WARNING >&2) \
        && .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v WARNING >&2) \
        || { rm -rf .venv; fail "the Python packages could not be installed" "Look at the network, then try again."; }
    cat requirements.lock pyproject.toml | sha256sum >"$stamp"
}

case "${1-}" in
    packages | environment) "$@" ;;
    *) fail "setup.sh ${1-}: no such step" "Use make." ;;
esac

# shellcheck shell=bash
# lib.sh: what the scripts share: talk, package installation, model cache. Sourced, never run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
caller=$PWD
cd "$root"
jobs=$(nproc 2>/dev/null || echo 2)

bold=""; dim=""; plain=""
if [ -t 2 ]; then bold=$'\e[1m'; dim=$'\e[2m'; plain=$'\e[0m'; fi
started=$(date +%s)

# say TEXT: one step of work, with the seconds since the start.
say() { printf '%s[%4ds]%s %s%s%s\n' "$dim" $(($(date +%s) - started)) "$plain" "$bold" "$*" "$plain" >&2; }
note() { printf '        %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

# caller_path PATH: that path as the caller means it, who may be in another directory.
caller_path() { case $1 in /*) printf '%s\n' "$1";; *) printf '%s\n' "$caller/$1";; esac; }

# as_root COMMAND...: run it as root, directly or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo -- "$@"
    else fail "need root to run '$*', and there is no sudo; run that line as root and start again"
    fi
}

# need PACKAGE...: install what dpkg does not have yet, and nothing else.
need() {
    local missing=() package log
    command -v dpkg-query >/dev/null 2>&1 || { note "not a Debian or Ubuntu system: assuming that these are installed: $*"; return; }
    for package in "$@"; do
        case "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" in
            "install ok installed") ;;
            *) missing+=("$package") ;;
        esac
    done
    [ ${#missing[@]} -gt 0 ] || { note "all packages are installed"; return 0; }
    note "installing: ${missing[*]}"
    log=$(mktemp)
    if ! { as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
           as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2; rm -f "$log"
        fail "apt-get could not install: ${missing[*]}"
    fi
    rm -f "$log"
}

packages_build="gcc libc6-dev make pkg-config libsqlite3-dev libjansson-dev libutf8proc-dev libpfm4-dev zlib1g-dev libdw-dev valgrind"
packages_report="gnuplot-nox fonts-dejavu-core"
packages_test="libcmocka-dev clang libclang-rt-dev clang-format binutils sqlite3 git curl jq python3 python3-yaml"

# The cache that the programs use too.
cache_directory() { printf '%s' "${PRONY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/prony}"; }

# synthesize SHAPE FORMAT: makes the model once, prints its path.
synthesize() {
    local directory file
    directory=$(cache_directory)/models
    file=$directory/$1-$2.gguf
    mkdir -p "$directory"
    if [ ! -s "$file" ]; then
        note "making $file"
        build/bin/prony-engine synth --shape "$1" --format "$2" --threads "$jobs" -o "$file" >&2
    fi
    printf '%s' "$file"
}

# A compiler cache is used where there is one; it is not asked for.
if [ -z "${CC:-}" ] && command -v ccache >/dev/null 2>&1; then export CC="ccache gcc"; fi
clang_cc=clang
if command -v ccache >/dev/null 2>&1; then clang_cc="ccache clang"; fi
export clang_cc jobs

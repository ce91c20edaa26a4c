# shellcheck shell=bash
# lib.sh: what the pipelines' scripts share. Sourced, never run. Needs no more than bash, git and prony.
set -euo pipefail
ci=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

note() { printf 'prony ci: %s\n' "$*" >&2; }
# 2 is "could not run" everywhere: never 0, and never 1, which means regressed.
fail() { printf 'prony ci: error: %s\n' "$*" >&2; exit 2; }
need_variables() { local name; for name in "$@"; do [ -n "${!name:-}" ] || fail "$name is not set"; done; }
need_command() { command -v "$1" >/dev/null 2>&1 || fail "$1 is missing: $2"; }

# The prony that judges: $PRONY, else the one built in this checkout, else the one in PATH.
find_prony() {
    if [ -n "${PRONY:-}" ]; then
        [ -x "$PRONY" ] || fail "PRONY names $PRONY, which is not a program"
    elif [ -x "$ci/../build/bin/prony" ]; then
        PRONY=$(cd "$ci/../build/bin" && pwd)/prony
    else
        PRONY=$(command -v prony) || fail "there is no prony: run ci/setup.sh, or set PRONY to the program"
    fi
}

# first_existing FILE...: the first of them that is there, or nothing.
first_existing() {
    local file
    for file in "$@"; do [ ! -e "$file" ] || { printf '%s' "$file"; return; }; done
}

# publish_summary FILE: onto the page of the job, where there is one.
publish_summary() {
    [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$1" ] || return 0
    cat "$1" >>"$GITHUB_STEP_SUMMARY"
}

# publish_annotations FILE: GitHub reads them from the log.
publish_annotations() { [ ! -s "$1" ] || cat "$1"; }

# finish STATUS: says the verdict and ends with it. Where hosts know only green and red, PRONY_UNDECIDED=pass makes undecided
# green with a warning: a night without a history yet, a change that is smaller than the noise.
finish() {
    note "verdict: $(describe_status "$1")"
    if [ "$1" = 3 ] && [ "${PRONY_UNDECIDED:-}" = pass ]; then
        [ -z "${GITHUB_ACTIONS:-}" ] || echo "::warning title=prony::undecided: it could be slower or not; the report says what would tell"
        exit 0
    fi
    exit "$1"
}

# describe_status STATUS: the exit status of prony in words.
describe_status() {
    case $1 in
        0) echo "pass" ;;
        1) echo "regressed" ;;
        2) echo "could not run" ;;
        3) echo "undecided" ;;
        *) echo "died with status $1" ;;
    esac
}

#!/usr/bin/env bash
# perf-report.sh [RUN] [FILE]: the report of a run (default: the latest) as one HTML file.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
[ -x build/bin/prony ] || fail "build/bin/prony is missing: run make"
exec build/bin/prony report "${1:-latest}" --format html -o "$(caller_path "${2:-prony-report.html}")"

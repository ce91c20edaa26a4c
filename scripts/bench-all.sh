#!/usr/bin/env bash
# bench-all.sh [PLAN]: builds, makes the models that the plan wants, runs it (default: quick), prints the summary.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
plan=${1:-quick}
case $plan in */*) plan=$(caller_path "$plan");; esac
make -j"$jobs" build | { grep -vE '^  (CC|AR|LINK) ' || true; } >&2
if [ -z "${PRONY_MODELS:-}" ]; then
    formats="q8_0 q4_K_M"
    [ "$plan" = nightly ] && formats="q8_0 q4_0 q4_K_M q5_K_M q6_K f16"
    models=""
    for format in $formats; do models=$models${models:+:}$(synthesize qwen2.5-0.5b "$format"); done
    export PRONY_MODELS=$models
fi
exec build/bin/prony run "$plan"

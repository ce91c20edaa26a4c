#!/usr/bin/env bash
# profile-inference.sh MODEL [DIRECTORY]: where the time of a model goes: profiles decode and prefill of the generate suite, prints
# the top functions, and writes an interactive flame graph of each case and a report to DIRECTORY (default: profile-<model>).
# FILTER and MIN_TIME in the environment choose other cases and longer runs.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

case "${1:-}" in ''|-h|--help) fail "usage: scripts/profile-inference.sh MODEL.gguf [DIRECTORY]";; esac
model=$(caller_path "$1")
[ -r "$model" ] || fail "$model cannot be read"
directory=$(caller_path "${2:-profile-$(basename "$model" .gguf)}")
filter=${FILTER:-^(decode|prefill)/}

say "Building"
need $packages_build
make -s -j"$jobs" build
mkdir -p "$directory"
database=$directory/profile.db

say "Profiling $filter of $(basename "$model")"
build/bin/prony profile generate --model "$model" --filter "$filter" --min-time "${MIN_TIME:-2s}" --db "$database" \
    -o "$directory/flame.html" | tee "$directory/functions.txt"
build/bin/prony report latest --db "$database" --format html -o "$directory/report.html" >/dev/null

say "Done"
note "flame graphs    $(ls "$directory"/flame*.html | tr '\n' ' ')"
note "top functions   $directory/functions.txt"
note "report          $directory/report.html"
note "other formats   build/bin/prony flame --db '$database' --help"

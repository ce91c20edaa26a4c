#!/usr/bin/env bash
# compare_with_upstream.sh [--update] [BUILD]: builds upstream.cpp with Google Benchmark and compares what it prints now
# with golden/. BUILD is a build directory of its source (src/libbenchmark.a inside, ../include beside); without one,
# the library that pkg-config knows. --update rewrites golden/ instead (only from the newest source).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
update=0
[ "${1:-}" = --update ] && { update=1; shift; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ $# -gt 0 ]; then
    include=$1/../include
    [ -d "$include/benchmark" ] || include=$1/include
    libs=("$1/src/libbenchmark.a")
    nm "${libs[0]}" 2>/dev/null | grep -c 'U pfm_' >/dev/null && libs+=(-lpfm)
    cflags=(-I"$include")
else
    read -ra cflags < <(pkg-config --cflags benchmark; echo)
    read -ra libs < <(pkg-config --libs benchmark)
fi
grep -rqs SkipWithMessage $(printf '%s\n' "${cflags[@]}" | sed -n 's/^-I//p') /usr/include/benchmark || cflags+=(-DBEFORE_1_8)
"${CXX:-g++}" -std=c++17 -O1 "${cflags[@]}" "$here/upstream.cpp" -o "$work/program" "${libs[@]}" -lpthread

# Makes outputs comparable; normalize in golden_test.c does the same to ours: facts of the machine and of the day, the
# words of the regex engine, the note about a missing suffix (there: once for each family and without a newline), numbers
# that are nothing but rounding errors, and in JSON the digits behind the 12th of stddev, cv, BigO and RMS, whose last
# ones depend on the order of additions.
normalize() {
    sed -E -e 's/^20[0-9-]+T[0-9:+-]+$/DATE/' -e '/^Running /s/ .*/ PROGRAM/' -e '/^Run on /s/ \(.*/ CPUS/' \
        -e '/^CPU Caches:$/d' -e '/^  L[0-9] /d' -e '/^Load Average: /d' -e '/^\*\*\*WARNING\*\*\* /d' \
        -e 's/^(    "(date|host_name|executable|num_cpus|mhz_per_cpu|cpu_scaling_enabled|aslr_enabled|load_avg|library_version|library_build_type)": ).*/\1*,/' \
        -e '/^    "caches": \[$/,/^    \],$/d' \
        -e 's/^(Could not compile benchmark re: ).*/\1*/' \
        -e '/^-- LOG\(0\): /d' \
        -e 's/[0-9.]+e-(1[7-9]|[2-9][0-9])/0/g' |
    awk '/^      "name": / { rounded = /_(stddev|cv|BigO|RMS)",$/ }
         rounded && /: [0-9.]+e[+-][0-9]+,?$/ {
             match($0, /[0-9.]+e[+-][0-9]+/)
             $0 = substr($0, 1, RSTART - 1) sprintf("%.11e", substr($0, RSTART, RLENGTH)) substr($0, RSTART + RLENGTH)
         }
         { print }' # ends the last line, too
}

failed=0
while IFS='|' read -r name flags; do
    case "$name" in ''|'#'*) continue;; esac
    name=${name// }
    managers=
    case "$flags" in *:\ *) managers=${flags%%: *} flags=${flags#*: };; esac
    flags=${flags//%OUT%/$work/out}
    read -ra words <<<"$flags"
    rm -f "$work/out"
    status=0
    (cd "$work" && export CONFORMANCE_MANAGERS="$managers" && exec -a ./program ./program "${words[@]}") \
        >"$work/stdout" 2>"$work/stderr" </dev/null || status=$?
    {
        normalize <"$work/stdout"
        echo "==== stderr"; normalize <"$work/stderr"
        [ -e "$work/out" ] && { echo "==== file"; normalize <"$work/out"; }
        echo "==== exit status $status"
    } >"$work/result"
    if [ $update = 1 ]; then cp "$work/result" "$here/golden/$name"
    elif ! diff -u --label "golden/$name" --label "now" "$here/golden/$name" "$work/result"; then failed=$((failed + 1))
    fi
done <"$here/golden/cases.txt"
echo "$failed of $(grep -c '|' "$here/golden/cases.txt") differ"
[ $failed = 0 ]

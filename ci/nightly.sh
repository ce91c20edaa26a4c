#!/usr/bin/env bash
# nightly.sh: measures, compares with the history, and says whether the night was good.
#
#   nightly.sh [PLAN] [-- OPTIONS OF PRONY RUN]
#
# PLAN is what `prony run` takes; without it: suites/nightly.plan (in Prony itself), else prony.conf, which is built first, of the
# current directory.
#
# Environment:
#   PRONY           the program (default: the one of this checkout, else of the PATH)
#   PRONY_DB        the database with the history (default prony.db); ci/history.sh brings and keeps it
#   PRONY_OUT       directory of what it writes (default prony-out)
#   PRONY_POLICY    policy file (default: ci/nightly.policy of the current directory, else the one beside this script)
#   PRONY_UNDECIDED  "pass": undecided is 0 with a warning instead of 3
#   PRONY_CONFIRM   how long steps of the history are measured again, before they count: in turns, the last good commit
#                   against this one, both built as prony.conf says (default 15m; "no": the history alone decides). Wants
#                   prony.conf and the commits (no shallow clone); without prony.conf nothing is measured again
#   PRONY_KEEP_DAYS older runs keep their summaries only (default: all stay whole)
#
# Writes summary.md, junit.xml, prony.sarif, gate.json and site/ into PRONY_OUT. Exit status: that of `prony gate`, which is 0
# pass, 1 regressed, 2 could not run, 3 undecided. What was measured is in the database whatever the verdict.
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"
find_prony

plan=
if [ $# -gt 0 ] && [ "$1" != -- ]; then plan=$1; shift; fi
plan=${plan:-$(first_existing suites/nightly.plan prony.conf)}
[ -n "$plan" ] || fail "no PLAN, and here is no prony.conf that says what to measure"
[ "${1:-}" != -- ] || shift
export PRONY_DB=${PRONY_DB:-prony.db}
out=${PRONY_OUT:-prony-out}
policy=${PRONY_POLICY:-$(first_existing ci/nightly.policy "$ci/nightly.policy")}
mkdir -p "$out" || fail "cannot make $out"
rm -f "$out/annotations" "$out/summary.md"

# Both builds of a confirmation get the models of the night.
confirm=()
if [ "${PRONY_CONFIRM:-}" != no ] && [ -e prony.conf ] && command -v git >/dev/null; then
    confirm=(--confirm --budget "${PRONY_CONFIRM:-15m}")
    for ((i = 1; i <= $#; i++)); do
        case ${!i} in
            -m | --model) next=$((i + 1)); confirm+=(--model "${!next:-}") ;;
            --model=*) confirm+=("${!i}") ;;
        esac
    done
fi

status=0
"$PRONY" run "$plan" "$@" || status=$?
if [ $status != 0 ]; then
    note "prony run $plan: $(describe_status $status); what it stored stays in $PRONY_DB"
    exit 2
fi

formats=(--format text -o - --format markdown -o "$out/summary.md" --format json -o "$out/gate.json"
         --format junit -o "$out/junit.xml" --format sarif -o "$out/prony.sarif")
[ -z "${GITHUB_ACTIONS:-}" ] || formats+=(--format github -o "$out/annotations")
"$PRONY" gate --history "${confirm[@]}" ${policy:+--policy "$policy"} "${formats[@]}" || status=$?
publish_summary "$out/summary.md"
publish_annotations "$out/annotations"

# The verdict stands even if the pages cannot be written.
"$PRONY" report --site "$out/site" || note "the site could not be written"
if [ -n "${PRONY_KEEP_DAYS:-}" ]; then
    "$PRONY" db prune --keep-days "$PRONY_KEEP_DAYS" || note "the database could not be pruned"
fi
finish $status

#!/usr/bin/env bash
# pull-request.sh: is this branch slower than the one it goes into?
#
#   pull-request.sh BASE CANDIDATE [-- OPTIONS OF PRONY AB]
#
# BASE and CANDIDATE are what `prony ab` takes: commits, branches, directories. What is built and measured stands in
# prony.conf of the repository.
#
# Environment:
#   PRONY           the program (default: the one of this checkout, else of the PATH)
#   PRONY_DB        database (default prony.db)
#   PRONY_OUT       directory of what it writes (default prony-out)
#   PRONY_BUDGET    how long to measure at most (default 20m)
#   PRONY_POLICY    policy file (default: ci/pull-request.policy of the current directory, else the one beside this script)
#   PRONY_UNDECIDED "pass": undecided is 0 with a warning instead of 3
#   PRONY_LABELS, PRONY_LABEL_AUTHOR, PRONY_CHANGE   see ci/acknowledge.sh
#
# Writes comment.md, forest.png (where there is gnuplot), junit.xml, prony.sarif and ab.json into PRONY_OUT. Exit status: that of `prony ab`: 0 pass,
# 1 regressed, 2 could not run, 3 undecided.
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"
find_prony

[ $# -ge 2 ] || fail "usage: pull-request.sh BASE CANDIDATE [-- OPTIONS OF PRONY AB]"
base=$1 candidate=$2
shift 2
[ "${1:-}" != -- ] || shift
export PRONY_DB=${PRONY_DB:-prony.db}
out=${PRONY_OUT:-prony-out}
policy=${PRONY_POLICY:-$(first_existing ci/pull-request.policy "$ci/pull-request.policy")}
mkdir -p "$out" || fail "cannot make $out"
rm -f "$out/annotations" "$out/comment.md" "$out/forest.png"

# Hosts name commits by 40 digits; nobody wants to read those in a title.
short() {
    local name=$1
    [[ ! $name =~ ^[0-9a-f]{40}$ ]] || name=$(git rev-parse --verify --short "$name^{commit}" 2>/dev/null) || name=$1
    printf '%s' "$name"
}
base=$(short "$base") candidate=$(short "$candidate")

# What the repository's file says, and the request's label.
acknowledged=()
"$ci/acknowledge.sh" >"$out/acknowledged"
if [ -s "$out/acknowledged" ]; then
    [ ! -s ci/acknowledged ] || { printf '\n'; cat ci/acknowledged; } >>"$out/acknowledged"
    acknowledged=(--acknowledged "$out/acknowledged")
fi

formats=(--format text -o - --format markdown -o "$out/comment.md" --format json -o "$out/ab.json"
         --format junit -o "$out/junit.xml" --format sarif -o "$out/prony.sarif")
# A picture that cannot be drawn must not cost the verdict.
! command -v gnuplot >/dev/null 2>&1 || formats+=(--format png -o "$out/forest.png")
[ -z "${GITHUB_ACTIONS:-}" ] || formats+=(--format github -o "$out/annotations")
status=0
"$PRONY" ab "$base" "$candidate" --budget "${PRONY_BUDGET:-20m}" ${policy:+--policy "$policy"} \
    ${acknowledged[@]+"${acknowledged[@]}"} "${formats[@]}" "$@" || status=$?
if [ ! -s "$out/comment.md" ]; then
    printf '%s\n' "<!-- prony -->" "**prony could not compare** \`$base\` with \`$candidate\`: see the log of the job." >"$out/comment.md"
fi
publish_summary "$out/comment.md"
publish_annotations "$out/annotations"
finish $status

# shellcheck shell=bash
# host.sh: words for tests, sourced in an empty directory: a host with the project of project.sh, on which requests 5 (one kernel
# 5 % slower), 6 (innocent) and 7 (does not build) wait.
#
#   github EVENT...    gitlab EVENT...    what happens then; its lines of JSON are in the file runs
#   have CONDITION     of jq, over all lines of runs
#   comments CONDITION of jq, over the comments on the host
#   nights N           so many nights in no time: the same measurement, and the same keeping of it
#   merge BRANCH       into main, and pushed
pipelines=$ROOT/tests/pipelines
for python in python3 /usr/bin/python3; do ! $python -c 'import yaml' 2>/dev/null || break; done

give_up() { printf '%s\n' "$1"; cat runs; tail -n 40 host/log/*/*.log; exit 9; }
github() { $python "$pipelines/github.py" host "$@" >runs || give_up "github $*"; }
gitlab() { $python "$pipelines/gitlab.py" host "$@" >runs || give_up "gitlab $*"; }
have() { jq -e -s "$1" runs >/dev/null || give_up "not so: $1"; }
comments() { jq -e "$1" host/comments.json >/dev/null || { cat host/comments.json; give_up "not so: $1"; }; }
merge() { (cd host/mine && git merge -q "$1" && git push -q origin main); }
nights() (
    cd host/mine || exit
    "$ROOT/ci/history.sh" fetch prony.db
    for ((night = 0; night < $1; night++)); do LUCK=$W/host/luck "$PRONY" run prony.conf --quiet --db prony.db; done
    "$ROOT/ci/history.sh" store prony.db
)

mkdir host
$python "$pipelines/server.py" make host
"$pipelines/project.sh" host
echo '{"PRONY_REPOSITORY": "p/prony", "PRONY_PAGES": "true", "PRONY_CODE_SCANNING": "true"}' >host/vars.json

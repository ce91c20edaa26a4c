#!/usr/bin/env bash
# comment.sh: puts a report under a pull request or merge request: one comment, which is replaced when there is news.
#
#   comment.sh github NUMBER FILE    needs GITHUB_REPOSITORY and GITHUB_TOKEN (permission pull-requests: write)
#   comment.sh gitlab NUMBER FILE    needs CI_PROJECT_ID and PRONY_GITLAB_TOKEN (scope api)
#
# Our comment is known by its first line, which people do not see: <!-- prony.
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"
[ $# = 3 ] || fail "usage: comment.sh github|gitlab NUMBER FILE"
host=$1 number=$2 file=$3
[[ $number =~ ^[0-9]+$ ]] || fail "'$number' is not the number of a request"
[ -s "$file" ] || fail "$file is not there or empty: nothing to say"
[ "$(head -c 10 "$file")" = "<!-- prony" ] || fail "$file does not begin with <!-- prony: it could not be found again"
need_command curl "apt-get install curl"
need_command jq "apt-get install jq"

case $host in
    github)
        need_variables GITHUB_REPOSITORY GITHUB_TOKEN
        header="Authorization: Bearer $GITHUB_TOKEN"
        site=${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY
        list=$site/issues/$number/comments
        one=$site/issues/comments
        change=PATCH
        ;;
    gitlab)
        need_variables CI_PROJECT_ID PRONY_GITLAB_TOKEN
        header="PRIVATE-TOKEN: $PRONY_GITLAB_TOKEN"
        list=${CI_API_V4_URL:-https://gitlab.com/api/v4}/projects/$CI_PROJECT_ID/merge_requests/$number/notes
        one=$list
        change=PUT
        ;;
    *) fail "'$host' is not github or gitlab" ;;
esac

# The header comes from a file: arguments can be read by every process of the machine.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf '%s\n' "$header" "Content-Type: application/json" >"$scratch/headers"
call() { curl --silent --show-error --fail-with-body --retry 3 --header "@$scratch/headers" "$@"; }

find_ours() {
    local page found count
    for ((page = 1; page <= 30; page++)); do
        call "$list?per_page=100&page=$page" >"$scratch/page" || fail "cannot read the comments of $host request $number: $(head -c 300 "$scratch/page")"
        found=$(jq -r 'map(select(.body | startswith("<!-- prony"))) | .[0].id // empty' "$scratch/page") || fail "$host answered with something else than comments"
        [ -z "$found" ] || { printf '%s' "$found"; return; }
        count=$(jq length "$scratch/page")
        [ "$count" = 100 ] || return 0
    done
}

ours=$(find_ours)
jq -n --rawfile body "$file" '{body: $body}' >"$scratch/body"
if [ -n "$ours" ]; then
    call --request $change --data "@$scratch/body" "$one/$ours" >"$scratch/answer" || fail "cannot replace comment $ours: $(head -c 300 "$scratch/answer")"
    note "replaced comment $ours under $host request $number"
else
    call --request POST --data "@$scratch/body" "$list" >"$scratch/answer" || fail "cannot comment: $(head -c 300 "$scratch/answer")"
    note "commented under $host request $number"
fi

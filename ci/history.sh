#!/usr/bin/env bash
# history.sh: keeps the database of a nightly run on a branch of a git remote.
#
#   history.sh fetch FILE     writes the branch's database to FILE; no branch yet is no error: then there is no FILE
#   history.sh store FILE     puts FILE there as the branch's only commit
#
# Environment: PRONY_HISTORY_BRANCH (default prony-history), PRONY_HISTORY_REMOTE (default origin).
#
# The branch has always one commit without parents, so the repository does not grow by a database a night. Who stores while
# somebody else did gets the other's runs merged in first: by their identifiers, so none is lost and none comes twice.
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"

branch=${PRONY_HISTORY_BRANCH:-prony-history}
remote=${PRONY_HISTORY_REMOTE:-origin}
part_bytes=$((45 << 20)) # below what hosts take as one file

usage() { fail "usage: history.sh fetch|store FILE"; }
[ $# = 2 ] || usage
file=$2
need_command git "apt-get install git"
git rev-parse --git-dir >/dev/null 2>&1 || fail "$PWD is not in a git repository"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Sets tip to the branch's commit, "" if there is none.
find_tip() {
    local lines
    lines=$(git ls-remote "$remote" "refs/heads/$branch") || fail "cannot read the branches of '$remote'"
    tip=${lines%%[[:space:]]*}
}

# unpack COMMIT FILE: the database of that commit.
unpack() {
    local part parts
    parts=$(git ls-tree --name-only "$1" | sed -n '/^prony\.db\.gz\./p' | sort) || fail "cannot read branch $branch"
    [ -n "$parts" ] || fail "branch $branch of '$remote' has no prony.db.gz: it is not a history of prony"
    for part in $parts; do git cat-file blob "$1:$part"; done >"$scratch/packed" || fail "cannot read branch $branch"
    gzip -dc <"$scratch/packed" >"$2.partial" || { rm -f "$2.partial"; fail "the database on branch $branch is damaged"; }
    mv "$2.partial" "$2"
}

fetch_tip() { git fetch --quiet --no-tags --depth=1 "$remote" "+refs/heads/$branch:refs/prony/history" || fail "cannot fetch $branch"; }

# Sets commit to a new one without parents that holds $file.
pack() {
    rm -rf "$scratch/tree" "$scratch/index"
    mkdir "$scratch/tree"
    gzip -9 -n <"$file" | split -b "$part_bytes" -d -a 3 - "$scratch/tree/prony.db.gz."
    printf '%s\n' "# Measurements of prony" "" \
        "Written by ci/history.sh; one commit, replaced by every run. To look into it:" "" \
        "    cat prony.db.gz.* | gzip -d > prony.db && prony list --db prony.db" >"$scratch/tree/README.md"
    local tree
    tree=$(export GIT_INDEX_FILE="$scratch/index"
           git --work-tree="$scratch/tree" add --force --all "$scratch/tree" && git write-tree)
    commit=$(GIT_AUTHOR_NAME=prony GIT_AUTHOR_EMAIL=prony@localhost GIT_COMMITTER_NAME=prony \
        GIT_COMMITTER_EMAIL=prony@localhost git commit-tree -m "Measurements of prony" "$tree")
}

fetch() {
    find_tip
    [ -n "$tip" ] || { note "branch $branch does not exist yet: this run begins the history"; return 0; }
    fetch_tip
    unpack refs/prony/history "$file"
    note "$file: the history of branch $branch"
}

# The other's runs come into ours; the database stays whole if that fails.
merge_theirs() {
    find_prony
    fetch_tip
    unpack refs/prony/history "$scratch/theirs.db"
    "$PRONY" db merge "$scratch/theirs.db" --db "$file" >&2 || fail "cannot merge the history that is on branch $branch"
}

store() {
    [ -s "$file" ] || fail "$file is not there or empty: nothing to store"
    local attempt
    for attempt in 1 2 3 4 5; do
        find_tip
        [ -z "$tip" ] || merge_theirs
        pack
        # Only if the branch is still what was merged.
        if git push --quiet --force-with-lease="refs/heads/$branch:$tip" "$remote" "$commit:refs/heads/$branch" 2>"$scratch/push"; then
            note "stored on branch $branch"
            return 0
        fi
        note "branch $branch moved while it was being stored (attempt $attempt)"
    done
    cat "$scratch/push" >&2
    fail "cannot push branch $branch to '$remote'"
}

case $1 in fetch) fetch ;; store) store ;; *) usage ;; esac

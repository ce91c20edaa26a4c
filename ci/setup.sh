#!/usr/bin/env bash
# setup.sh: installs what is missing and builds prony in the checkout that this script lies in; puts it into the PATH of the
# job's next steps, where the CI system has a way for that.
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"
root=$(cd "$ci/.." && pwd)
(
    # shellcheck source=scripts/lib.sh
    . "$root/scripts/lib.sh"
    # shellcheck disable=SC2086,SC2154
    need $packages_build $packages_report git
    # shellcheck disable=SC2154
    make -C "$root" -j"$jobs" build >&2
) || fail "prony could not be built in $root"
[ -z "${GITHUB_PATH:-}" ] || printf '%s\n' "$root/build/bin" >>"$GITHUB_PATH"
printf '%s\n' "$root/build/bin"

#!/usr/bin/env bash
# acknowledge.sh: the label of a request as an acknowledgement (docs/FORMATS.md) on standard output; nothing without the label.
#
#   prony-accepted        slower times of this request are wanted, however much
#   prony-accepted:10%    up to that much
#
# Wrong output and failed cases are never excused by a label: that takes a file.
#
# Environment:
#   PRONY_LABELS         the request's labels, separated by commas
#   PRONY_LABEL_AUTHOR   who set it
#   PRONY_CHANGE         the request: "#12"
# shellcheck source=ci/lib.sh
. "$(dirname "$0")/lib.sh"

# A line of what others wrote, without what could end it or begin a setting.
plain() { printf '%s' "$1" | tr -c 'A-Za-z0-9 ._@#!/+-' '_' | head -c 100; }

IFS=, read -r -a labels <<<"${PRONY_LABELS:-}"
for label in ${labels[@]+"${labels[@]}"}; do
    label=${label#"${label%%[! ]*}"}
    limit=
    case $label in
        prony-accepted) limit=1000000 ;;
        prony-accepted:*%)
            limit=${label#prony-accepted:} limit=${limit%\%} limit=${limit// /}
            [[ $limit =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "label '$(plain "$label")': expected prony-accepted:10%"
            ;;
        prony-accepted*) fail "label '$(plain "$label")': expected prony-accepted or prony-accepted:10%" ;;
        *) continue ;;
    esac
    [ -n "${PRONY_LABEL_AUTHOR:-}" ] || fail "label prony-accepted: PRONY_LABEL_AUTHOR does not say who set it"
    printf '%s\n' "[acknowledge]" "case = ." "up_to = $limit %" \
        "reason = label prony-accepted${PRONY_CHANGE:+ on $(plain "$PRONY_CHANGE")}" \
        "author = $(plain "$PRONY_LABEL_AUTHOR")" "until = $(date -u -d '+30 days' +%F)"
done

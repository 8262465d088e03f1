#!/usr/bin/env bash
# Whether two revisions plan the same resources in every stack, byte for byte; tells the difference.
# Usage: tools/same_plans.sh BASE [HEAD]; HEAD is the work tree if left out.
set -euo pipefail
[ $# -ge 1 ] || { echo "Usage: tools/same_plans.sh BASE [HEAD]" >&2; exit 2; }
nexus="$(dirname "$0")/../.venv/bin/nexus"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$nexus" snapshot "$1" --output "$folder/base.json" >&2
"$nexus" snapshot ${2+"$2"} --output "$folder/head.json" >&2
cmp -s "$folder/base.json" "$folder/head.json" && { echo "The plans are the same, byte for byte."; exit 0; }
"$nexus" diff "$folder/base.json" "$folder/head.json" || true
exit 1

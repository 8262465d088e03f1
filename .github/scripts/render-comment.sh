#!/usr/bin/env bash
# Writes the comment for the snapshots of run $RUN. Usage: render-comment.sh FILE
set -euo pipefail

file=$1
url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$RUN"

say() { printf '<!-- nexus-diff -->\n## Nexus plan: none\n\n%s See [the run](%s).\n' "$1" "$url" >"$file"; }

if [ "$CONCLUSION" != success ]; then
	say "The plans of this pull request could not be made."
	exit 0
fi

folder=$(mktemp -d "$RUNNER_TEMP/snapshots.XXXXXX")
read -r id size < <(
	gh api "repos/$GITHUB_REPOSITORY/actions/runs/$RUN/artifacts" \
		--jq '[.artifacts[] | select(.name == "snapshots")][0] | "\(.id // 0) \(.size_in_bytes // 0)"'
)
if [ "$size" -eq 0 ] || [ "$size" -gt 50000000 ]; then
	say "The run left no snapshots, or more than 50 MB of them."
	exit 0
fi
gh api "repos/$GITHUB_REPOSITORY/actions/artifacts/$id/zip" >"$folder/artifact.zip"
if ! .venv/bin/python .github/scripts/unpack.py "$folder/artifact.zip" "$folder/artifact"; then
	say "What the run left are no snapshots."
	exit 0
fi
code=0
timeout 120 .venv/bin/nexus diff "$folder/artifact/base.json" "$folder/artifact/head.json" \
	--format markdown --output "$file" || code=$?
# 2 says that a snapshot is unreadable, which the report tells.
case $code in 0 | 2 | 10 | 11) ;; *) exit "$code" ;; esac
test -s "$file"

# The shape was checked, the content cannot be: workflow and program were the author's.
printf '\n<sub>Both snapshots were made by the workflow and the code of this pull request, in [this run](%s): they say what its author has them say. Read the code before you trust them.</sub>\n' "$url" >>"$file"

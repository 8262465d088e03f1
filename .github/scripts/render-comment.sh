#!/usr/bin/env bash
# Writes the comment for the plans of run $RUN. Usage: render-comment.sh FILE
set -euo pipefail

file=$1
url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$RUN"

say() { printf '<!-- nexus-diff -->\n## Nexus plan: none\n\n%s See [the run](%s).\n' "$1" "$url" >"$file"; }

if [ "$CONCLUSION" != success ]; then
	say "The plans of this pull request could not be made."
	exit 0
fi

folder=$(mktemp -d "$RUNNER_TEMP/plans.XXXXXX")
size=$(
	gh api "repos/$GITHUB_REPOSITORY/actions/runs/$RUN/artifacts" \
		--jq '[.artifacts[] | select(.name == "plans")][0].size_in_bytes // 0'
)
if [ "$size" -eq 0 ] || [ "$size" -gt 50000000 ]; then
	say "The run left no plans, or more than 50 MB of them."
	exit 0
fi
gh run download "$RUN" --repo "$GITHUB_REPOSITORY" --name plans --dir "$folder/artifact"

# Unpacks only what may be in it, then validates each document; see nexus/diff/artifact.py.
if ! .venv/bin/python -m nexus.diff.artifact "$folder/artifact/plans.zip" "$folder/documents"; then
	say "What the run left is no set of plans."
	exit 0
fi
code=0
timeout 120 .venv/bin/nexus diff "$folder/documents/base" "$folder/documents/head" \
	--format markdown --output "$file" || code=$?
# 2 says that a document is unreadable, which the report tells.
case $code in 0 | 2 | 10 | 11) ;; *) exit "$code" ;; esac
test -s "$file"

# The shape was checked, the content cannot be: workflow and program were the author's.
printf '\n<sub>Both plans were made by the workflow and the code of this pull request, in [this run](%s): they say what its author has them say. Read the code before you trust them.</sub>\n' "$url" >>"$file"

#!/usr/bin/env bash
# Says which stacks drifted, as the jobs of this run found.
set -euo pipefail

gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/jobs?per_page=100" \
	--jq '.jobs[] | select(.name | startswith("drift ")) | "- \(.name | ltrimstr("drift ")): \(.conclusion)"'
echo
echo "A failed stack has drifted or could not be looked at; its log says which. Deploy main to"
echo "undo the drift, or bring the change into the program. docs/pull-requests.md tells more."

#!/usr/bin/env bash
# Keeps the one issue about drift: $RESULT is what all stacks together came to.
set -euo pipefail

title="Drift: what runs is not what the program says"
url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
number=$(
	gh api --paginate --method GET "repos/$GITHUB_REPOSITORY/issues" \
		-f state=open -f creator='github-actions[bot]' -f per_page=100 |
		jq -rs --arg title "$title" '[add[] | select(.title == $title)][0].number // empty'
)

if [ "$RESULT" = success ]; then
	if [ -n "$number" ]; then
		gh issue close "$number" --repo "$GITHUB_REPOSITORY" --comment "No drift any more: $url"
	fi
	exit 0
fi

body=$(mktemp)
{
	echo "Last looked at $(date --utc '+%Y-%m-%d %H:%M') UTC in [this run]($url):"
	echo
	gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/jobs?per_page=100" \
		--jq '.jobs[] | select(.name | startswith("drift ")) | "- \(.name | ltrimstr("drift ")): \(.conclusion)"'
	echo
	echo "A failed stack has drifted or could not be looked at; its log says which. Deploy main to"
	echo "undo the drift, or bring the change into the program. docs/pull-requests.md tells more."
} >"$body"

if [ -n "$number" ]; then
	gh issue edit "$number" --repo "$GITHUB_REPOSITORY" --body-file "$body"
else
	gh issue create --repo "$GITHUB_REPOSITORY" --title "$title" --body-file "$body"
fi

#!/usr/bin/env bash
# Keeps one issue called $TITLE: $RESULT, `success` or not, is what there is to say. Opens it or updates it with
# what standard input says of the run, or closes it with the words in $WELL.
set -euo pipefail

url="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
number=$(
	gh api --paginate --method GET "repos/$GITHUB_REPOSITORY/issues" \
		-f state=open -f creator='github-actions[bot]' -f per_page=100 |
		jq -rs --arg title "$TITLE" '[add[] | select(.title == $title)][0].number // empty'
)

if [ "$RESULT" = success ]; then
	if [ -n "$number" ]; then
		gh issue close "$number" --repo "$GITHUB_REPOSITORY" --comment "$WELL: $url"
	fi
	exit 0
fi

body=$(mktemp)
{
	echo "Last looked at $(date --utc '+%Y-%m-%d %H:%M') UTC in [this run]($url):"
	echo
	# GitHub refuses 65,536 characters and more.
	head --bytes 60000
} >"$body"

if [ -n "$number" ]; then
	gh issue edit "$number" --repo "$GITHUB_REPOSITORY" --body-file "$body"
else
	gh issue create --repo "$GITHUB_REPOSITORY" --title "$TITLE" --body-file "$body"
fi

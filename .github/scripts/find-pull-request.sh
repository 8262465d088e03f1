#!/usr/bin/env bash
# Prints `number=N` of the open pull request whose head is exactly what was planned; nothing if
# there is none any more (closed, or pushed to since: that push has a run of its own).
# The event names no pull requests for forks, so they are looked up by head.
set -euo pipefail

number=$(
	gh api --method GET "repos/$GITHUB_REPOSITORY/pulls" \
		-f state=open -f "head=$HEAD_OWNER:$HEAD_BRANCH" -f per_page=100 |
		jq -r --arg sha "$HEAD_SHA" --arg repository "$HEAD_REPOSITORY" '
			[.[] | select(.head.sha == $sha and (.head.repo.id | tostring) == $repository)][0].number
			// empty'
)
if [[ $number =~ ^[0-9]+$ ]]; then
	echo "number=$number"
fi

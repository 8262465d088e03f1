#!/usr/bin/env bash
# Writes or updates the one comment on a pull request. Usage: write-comment.sh NUMBER FILE
set -euo pipefail

number=$1 file=$2
marker=$(head -n 1 "$file")

# Only a comment of our own counts: anybody can write the marker.
id=$(
	gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$number/comments?per_page=100" |
		jq -rs --arg marker "$marker" '
			[add[] | select(.user.login == "github-actions[bot]" and (.body | startswith($marker)))][0].id
			// empty'
)
if [ -n "$id" ]; then
	gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F "body=@$file"
	echo "Updated comment $id on pull request $number."
else
	gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$number/comments" -F "body=@$file"
	echo "Commented on pull request $number."
fi

#!/usr/bin/env bash
# Pulumi 3.259.0: `pulumi config set` of one key rewrites the values of others.
#
# Guess before the run: the file gets one more line, and the others stay as they were.
# Seen: every plain YAML scalar of the file is read by YAML's rules and written as Go prints it. A
# moment in the form that AWS asks for (RFC 3339) becomes one that it refuses, the tag 1.10 becomes
# "1.1" and the mode 0777 becomes "511"; text in quotes stays. `pulumi config get` shows the same
# values before anything is written, so a program never sees what stands in the file.
# What follows for us: settings that YAML reads as anything but text, a number or a truth value have
# to be in quotes, and a sentence says so.
#
# Builds the command line from its Go module (five minutes the first time; Go keeps what it built).
set -euo pipefail
version=3.259.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/build" "$folder/state" "$folder/project"

cd "$folder/build"
go mod init finding >/dev/null 2>&1
go get "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@v$version" >/dev/null 2>&1
go build -trimpath -o pulumi -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$version" \
	github.com/pulumi/pulumi/pkg/v3/cmd/pulumi

export PULUMI_HOME=$folder/home PULUMI_BACKEND_URL=file://$folder/state
export PULUMI_CONFIG_PASSPHRASE=any PULUMI_SKIP_UPDATE_CHECK=true
pulumi=$folder/build/pulumi
echo "pulumi $("$pulumi" version)"

cd "$folder/project"
printf 'name: shop\nruntime: yaml\n' >Pulumi.yaml
"$pulumi" stack init dev >/dev/null 2>&1
cat >Pulumi.dev.yaml <<'YAML'
config:
  shop:moment: 2026-01-31T09:00:00Z
  shop:tag: 1.10
  shop:mode: 0777
  shop:quoted: "1.10"
YAML
for key in moment tag mode quoted; do echo "get $key: $("$pulumi" config get $key)"; done
"$pulumi" config set another text
echo "the file after 'pulumi config set another text':"
cat Pulumi.dev.yaml

expected='config:
  shop:moment: 2026-01-31 09:00:00 +0000 UTC
  shop:tag: "1.1"
  shop:mode: "511"
  shop:quoted: "1.10"
  shop:another: text'
if [ "$(grep -v encryptionsalt Pulumi.dev.yaml)" != "$expected" ]; then
	echo "The behaviour has changed; stacks/stack_file.py and docs/beliefs.md rest on it." >&2
	exit 1
fi

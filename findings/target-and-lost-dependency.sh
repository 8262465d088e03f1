#!/usr/bin/env bash
# Pulumi 3.259.0: `up --target` fails where another resource has lost a dependency in the program.
#
# Guess before the run: what is no target stays as the state has it, whatever the program says of it
# now, and the update of the target succeeds.
# Seen: for a resource that is no target the engine takes over the old state, and first that of all it
# stood on, which then counts as registered. If the program registers such a thing afterwards, as it may
# since nothing waits for it any more, that ends the run: "Duplicate resource URN ...; try giving it a
# unique name", about a resource that the program has once. Without targets the same program runs.
# What follows for us: `nexus up` takes lost dependencies out of the state before it runs
# `pulumi up --target`; tier gates, which only a first start waits for, would otherwise end it each time.
#
# Builds the command line from its Go module (five minutes the first time; Go keeps what it built).
set -euo pipefail
version=3.259.0
folder=$(mktemp -d)
# The provider's processes are known by the folder that they were started for.
left() { pgrep -f "$folder/venv/bin/python -u -m pulumi.dynamic" || true; }
trap 'for process in $(left); do kill "$process"; done; rm -rf "$folder"' EXIT
mkdir "$folder/build" "$folder/state" "$folder/project" "$folder/bin"

cd "$folder/build"
go mod init finding >/dev/null 2>&1
go get "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@v$version" >/dev/null 2>&1
go build -trimpath -o "$folder/bin/pulumi" -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$version" \
	github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "pulumi==$version"

# What comes with an installed Pulumi under this name does the same.
printf '#!/bin/sh\nexec "%s" -u -m pulumi.dynamic "$@"\n' "$folder/venv/bin/python" \
	>"$folder/bin/pulumi-resource-pulumi-python"
chmod +x "$folder/bin/pulumi-resource-pulumi-python"

export PATH=$folder/bin:$PATH PULUMI_HOME=$folder/home PULUMI_BACKEND_URL=file://$folder/state
export PULUMI_CONFIG_PASSPHRASE=any PULUMI_SKIP_UPDATE_CHECK=true
echo "pulumi $(pulumi version)"

cd "$folder/project"
printf 'name: shop\nruntime: python\n' >Pulumi.yaml
cat >run.py <<'PYTHON'
import os

import pulumi
from pulumi import automation, dynamic


class Nothing(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("it", props)


class Thing(dynamic.Resource):
    def __init__(self, name, **options):
        super().__init__(Nothing(), name, {}, pulumi.ResourceOptions(**options))


def first():
    Thing("late", depends_on=[Thing("early")])
    Thing("other")


def second():
    # 'late' does not wait for 'early' any more, and happens to be registered before it.
    Thing("late").urn.apply(lambda _: Thing("early"))
    Thing("other")


workspace = automation.LocalWorkspace(work_dir=os.getcwd())
stack = automation.Stack.create_or_select("dev", workspace)


def up(what, program, **options):
    workspace.program = program
    try:
        stack.up(**options)
        print(f"{what}: succeeded")
    except automation.CommandError as error:
        line = next(line for line in str(error).splitlines() if "error:" in line)
        print(f"{what}: {line[line.index('error:'):].strip()}")


other = "urn:pulumi:dev::shop::pulumi-python:dynamic:Resource::other"
up("first program", first)
up("second program, with a target", second, target=[other])
up("second program", second)
up("second program, with a target once more", second, target=[other])
PYTHON
seen=$("$folder/venv/bin/python" run.py)
echo "$seen"

wanted="first program: succeeded
second program, with a target: error: Duplicate resource URN 'urn:pulumi:dev::shop::pulumi-python:dynamic:Resource::early'; try giving it a unique name
second program: succeeded
second program, with a target once more: succeeded"
if [ "$seen" != "$wanted" ]; then
	echo "The behaviour has changed; nexus/update/changes.py and docs/beliefs.md rest on it." >&2
	exit 1
fi

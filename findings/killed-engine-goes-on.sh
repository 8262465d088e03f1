#!/usr/bin/env bash
# Pulumi 3.259.0: what a killed `pulumi up` was creating is created all the same, after its end.
#
# Guess before the run: a provider ends with its engine, whose child it is and to which it holds a
# connection. After `kill -9` of the engine's process group nothing is left, and the creation that was
# under way never comes to its end.
# Seen: each provider is a process group of its own, so the signal does not reach it. It works on: the
# creation ends 15 seconds after the engine did, and nobody writes it into the state. The process of a
# dynamic provider (Python SDK) then stays for good; a provider in Go (`provider.Main` of the SDK) asks
# every five minutes whether its engine is there, and ends at most that much later.
# What follows for us: whoever looks what a killed run has made (`nexus repair`, `pulumi refresh`) may
# look too early; after five minutes nothing moves any more.
#
# Builds the command line from its Go module (five minutes the first time; Go keeps what it built).
set -euo pipefail
version=3.259.0
folder=$(mktemp -d)
# The provider's processes are known by the folder that they were started for.
left() { pgrep -f "$folder/venv/bin/python -u -m pulumi.dynamic" || true; }
trap 'for process in $(left); do kill -9 "$process"; done; rm -rf "$folder"' EXIT
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
pulumi stack init dev >/dev/null 2>&1
cat >up.py <<'PYTHON'
import sys

import pulumi
from pulumi import automation, dynamic

folder = sys.argv[1]


class Slow(dynamic.ResourceProvider):
    def create(self, props):
        import pathlib, time

        pathlib.Path(props["folder"], "begun").touch()
        time.sleep(15)
        pathlib.Path(props["folder"], "made").touch()
        return dynamic.CreateResult("it", props)


class Thing(dynamic.Resource):
    def __init__(self, name):
        super().__init__(Slow(), name, {"folder": folder})


workspace = automation.LocalWorkspace(work_dir=folder, program=lambda: Thing("thing"))
automation.Stack.select("dev", workspace).up()
PYTHON
setsid "$folder/venv/bin/python" up.py "$PWD" >"$folder/log" 2>&1 &
run=$!
until [ -e begun ]; do
	kill -0 "$run" || { cat "$folder/log" >&2; exit 2; }
	sleep 0.1
done
kill -9 -- "-$run"
wait "$run" 2>/dev/null || true
echo "The engine was killed while the thing was being created; engines that run: $(pgrep -fc "$folder/bin/pulumi " || true)"
before=$(ls made 2>/dev/null || echo 'not there')
echo "the thing now: $before"
for _ in $(seq 60); do [ -e made ] || sleep 1; done
after=$(ls made 2>/dev/null || echo 'not there')
echo "the thing a while later: $after"
known=$(pulumi stack export --stack dev | grep -c '"type": "creating"' || true)
echo "creations that the state has under way: $known; providers that run: $(left | wc -l)"

if [ "$before $after $known $(left | wc -l)" != "not there made 1 1" ]; then
	echo "The behaviour has changed; docs/runbook.md and docs/beliefs.md rest on it." >&2
	exit 1
fi

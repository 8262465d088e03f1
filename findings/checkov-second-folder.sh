#!/usr/bin/env bash
# checkov 3.3.30: of several folders with Kubernetes manifests it reads the first alone.
#
# Guess before the run: one command with `--directory` for each of several folders says what a command
# for each says, and starts once.
# Seen: the first folder's report comes once more for each further one, with its findings counted again,
# and no other folder is read. Where the first has nothing to say, the exit code is 0. The runner keeps
# what it read (`if self.context is None` in checkov/kubernetes/runner.py) for the next folder.
# What follows for us: tools/lint_manifests.py starts checkov for each stack, although it starts longer
# than it reads.
#
# Installs checkov from PyPI into a temporary folder (a minute).
set -euo pipefail
version=3.3.30
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "checkov==$version"
cd "$folder"
export LOG_LEVEL=ERROR BC_SKIP_MAPPING=TRUE

for name in first second; do
	mkdir "$name"
	printf '%s\n' 'apiVersion: v1' 'kind: Pod' "metadata: {name: $name, namespace: default}" 'spec:' \
		"  containers: [{name: $name, image: $name, securityContext: {privileged: true}}]" >"$name/pod.yaml"
done

read_pods() {
	"$folder/venv/bin/checkov" --framework kubernetes --compact --quiet --skip-download --output json \
		--soft-fail "$@" | grep -o 'Pod\.default\.[a-z]*' | sort -u | tr '\n' ' ' | sed 's/ $//'
}

echo "checkov $("$folder/venv/bin/checkov" --version)"
second=$(read_pods --directory second)
both=$(read_pods --directory first --directory second)
echo "found in the second folder alone: $second"
echo "found in both folders: $both"
if [ "$second, $both" != "Pod.default.second, Pod.default.first" ]; then
	echo "The behaviour has changed; tools/lint_manifests.py rests on it." >&2
	exit 1
fi

#!/usr/bin/env bash
# Prints the path of the locked checkov, which is installed the first time (a minute) into
# ${XDG_CACHE_HOME:-~/.cache}/nexus-cos/checkov, in a folder named after a hash of its lock.
# Usage: tools/checkov.sh [PYTHON]
set -euo pipefail

python=${1:-python3}
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/checkov
home=$cache/$(cat checkov.lock checkov.sh | sha256sum | cut -c1-16)
if [ ! -e "$home/.installed" ]; then
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	flock 9
	if [ ! -e "$home/.installed" ]; then
		printf 'Installing checkov into %s (about a minute) ...\n' "$home" >&2
		"$python" -m venv --clear "$home"
		"$home/bin/python" -m pip install --quiet --disable-pip-version-check \
			--require-hashes --requirement checkov.lock
		touch "$home/.installed"
	fi
fi
printf '%s\n' "$home/bin/checkov"

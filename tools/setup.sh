#!/usr/bin/env bash
# Installs the locked dependencies into .venv; does nothing when they are there.
# Usage: tools/setup.sh [PYTHON]
set -euo pipefail

python=${1:-python3}
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	say "Python 3.11 or newer is needed, '$python' is not; name another with 'make PYTHON=…'."
	exit 2
fi

key=$(cat requirements.lock tools/uv.lock pyproject.toml tools/setup.sh | sha256sum | cut -c1-16)
stamp=.venv/.installed-$key-$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# The folder's own path stands in the entry points: a moved clone installs anew.
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$PWD" ]; then
	exit 0
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos
mkdir -p "$cache"
exec 9>"$cache/setup.lock"
flock 9

uv_key=$(sha256sum tools/uv.lock | cut -c1-16)
uv=$cache/uv/$uv_key
if [ ! -x "$uv/bin/uv" ]; then
	say "Installing uv into $uv ..."
	mkdir -p "$cache/uv"
	fresh=$(mktemp -d "$cache/uv/fresh.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	"$python" -m venv "$fresh" || {
		say "'$python -m venv' failed; on Debian and Ubuntu, install python3-venv."
		exit 2
	}
	"$fresh/bin/python" -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement tools/uv.lock
	# A copy of the one binary: the virtual environment itself cannot be moved.
	mkdir -p "$fresh/final/bin"
	cp "$fresh/bin/uv" "$fresh/final/bin/uv"
	rm -rf "$uv"
	mv "$fresh/final" "$uv"
	rm -rf "$fresh"
	trap - EXIT
fi

say "Installing the locked Python dependencies into .venv (a minute the first time) ..."
"$uv/bin/uv" venv --quiet --allow-existing --python "$python" .venv
"$uv/bin/uv" pip sync --quiet --require-hashes --python .venv requirements.lock
"$uv/bin/uv" pip install --quiet --python .venv --no-deps --no-build-isolation --editable .
rm -f .venv/.installed-*
printf '%s' "$PWD" >"$stamp"

#!/bin/sh
# Finds the servers that the integration tests talk to, and fetches what is missing.
#
# Prints NAME=VALUE lines: REDIS_SERVER (a Redis 7+ or Valkey binary), RABBITMQ_SBIN (folder of
# rabbitmq-server), SERVERS_PATH and SERVERS_LIBRARY_PATH (to put in front of PATH and
# LD_LIBRARY_PATH; empty if the machine's own servers are used), PROMETHEUS and PROMTOOL (binaries,
# 2.42 or newer), BLACKBOX (Prometheus' blackbox exporter).
#
# What is installed is used. What is not comes from the distribution's packages, through the
# machine's own apt sources, without root and without installing or starting anything: unpacked
# into ${XDG_CACHE_HOME:-~/.cache}/nexus-cos/servers, in a folder named after a hash of this
# script. Remove that folder to get newer packages.
set -eu

say() { printf 'servers: %s\n' "$1" >&2; }
fail() { say "$1" && exit 1; }

found() { # COMMAND…: the first one there is
  for candidate in "$@"; do
    command -v "$candidate" && return
  done
  return 0
}

recent() { # REDIS: succeeds from version 7 on, older ones cannot restrict channels
  "$1" --version | grep -Eq 'v=([7-9]|[1-9][0-9])\.'
}

lets_alerts_linger() { # PROMTOOL: succeeds from 2.42 on
  "$1" --version 2>&1 | grep -Eq 'version (2\.(4[2-9]|[5-9][0-9])|[3-9])'
}

prometheus_in() { # [ROOT]: prints where Prometheus, its tool and its prober are; fails without
  prometheus=$(found ${1:+"$1/usr/bin/"}prometheus)
  promtool=$(found ${1:+"$1/usr/bin/"}promtool)
  [ -n "$prometheus" ] && [ -n "$promtool" ] && lets_alerts_linger "$promtool" || return
  blackbox=$(found ${1:+"$1/usr/bin/"}prometheus-blackbox-exporter ${1:+"$1/usr/bin/"}blackbox_exporter)
  [ -n "$blackbox" ] || return
  postgres_exporter=$(found ${1:+"$1/usr/bin/"}prometheus-postgres-exporter ${1:+"$1/usr/bin/"}postgres_exporter)
  redis_exporter=$(found ${1:+"$1/usr/bin/"}prometheus-redis-exporter ${1:+"$1/usr/bin/"}redis_exporter)
  [ -n "$postgres_exporter" ] && [ -n "$redis_exporter" ] || return
  printf 'PROMETHEUS=%s\nPROMTOOL=%s\nBLACKBOX=%s\n' "$prometheus" "$promtool" "$blackbox"
  printf 'POSTGRES_EXPORTER=%s\nREDIS_EXPORTER=%s\n' "$postgres_exporter" "$redis_exporter"
}

redis=$(found valkey-server redis-server)
[ -z "$redis" ] || recent "$redis" || redis=
# Debian's /usr/sbin/rabbitmq-server insists on root or its own user; what it calls does not.
rabbit=$(found /usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server)
[ -n "$(found erl)" ] || rabbit=
if [ -n "$redis" ] && [ -n "$rabbit" ] && prometheus_in; then
  printf 'REDIS_SERVER=%s\nRABBITMQ_SBIN=%s\nSERVERS_PATH=\nSERVERS_LIBRARY_PATH=\n' \
    "$redis" "$(dirname "$(readlink -f "$rabbit")")"
  exit
fi

for tool in apt-get apt-cache dpkg flock sha256sum; do
  [ -n "$(found "$tool")" ] || fail "the integration tests need Valkey or Redis 7, RabbitMQ and \
Erlang, Prometheus 2.42 and its exporters; there is no $tool here to fetch them, so install \
valkey-server, rabbitmq-server, prometheus and prometheus-{blackbox,postgres,redis}-exporter."
done

# shellcheck source=/dev/null
. /etc/os-release
cache="${XDG_CACHE_HOME:-$HOME/.cache}/nexus-cos/servers"
hash=$(sha256sum "$0" | cut -c1-12)
home="$cache/${ID:-linux}-${VERSION_CODENAME:-${VERSION_ID:-rolling}}-$hash"

apt() { # TOOL ARGUMENT…: with state and cache of our own, so that it needs no root and no lock
  tool=$1
  shift
  "$tool" -o Dir::State="$build/state" -o Dir::State::status="$build/status" \
    -o Dir::Cache="$build/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none "$@"
}

fetch() {
  mkdir -p "$build/state/lists/partial" "$build/cache/archives/partial" "$build/root"
  # A package that is installed in part would be unpacked in part, so none of them counts as
  # installed; libraries that are there are used.
  awk 'BEGIN { RS = ""; ORS = "\n\n" } !/^Package: (erlang|prometheus|rabbitmq|redis|valkey)/' \
    /var/lib/dpkg/status >"$build/status"
  # A broken third-party source is no reason to stop: the download below decides.
  apt apt-get update || true
  server='redis-server'
  ! apt apt-cache show valkey-server || server='valkey-server'
  apt apt-get install --yes --no-install-recommends --download-only "$server" rabbitmq-server \
    prometheus prometheus-blackbox-exporter prometheus-postgres-exporter prometheus-redis-exporter
  for package in "$build"/cache/archives/*.deb; do
    dpkg -x "$package" "$build/root"
  done
  # Erlang's start script knows only the place where a package would have put it.
  # shellcheck disable=SC2016 # expanded when that script runs
  sed -i 's#ROOTDIR=/usr/lib/erlang#ROOTDIR=$(dirname "$(dirname "$(readlink -f "$0")")")#' \
    "$build/root/usr/lib/erlang/bin/erl"
  libraries "$build/root"
  LD_LIBRARY_PATH=$library_path recent "$(server_in "$build/root")"
  LD_LIBRARY_PATH=$library_path "$build/root/usr/lib/erlang/bin/erl" -noshell -eval 'halt().'
  [ -x "$build/root/usr/lib/rabbitmq/bin/rabbitmq-server" ]
  prometheus_in "$build/root"
}

libraries() { # ROOT: sets library_path
  library_path=
  for folder in "$1"/usr/lib/*-linux-* "$1"/lib/*-linux-*; do
    [ ! -d "$folder" ] || library_path=${library_path:+$library_path:}$folder
  done
}

server_in() { # ROOT
  found "$1/usr/bin/valkey-server" "$1/usr/bin/redis-server"
}

if [ ! -d "$home" ]; then
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock --nonblock 9 || { say "waiting for another run that is fetching them…" && flock 9; }
fi
if [ ! -d "$home" ]; then
  say "fetching Valkey or Redis, RabbitMQ, Prometheus and its exporters from this distribution's packages (about 80 MB)…"
  # Only the holder of the lock builds, so what lies here is left from a run that was ended.
  rm -rf "$cache"/build.*
  build=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$build"' EXIT
  # Not in a condition: there set -e would be ignored inside.
  (fetch) >"$cache/log" 2>&1 &
  wait $! || fail "could not fetch them; apt's last word was: $(tail -n 1 "$cache/log") (all of \
it: $cache/log). Mend that, or install valkey-server (or redis-server), rabbitmq-server, \
prometheus and prometheus-{blackbox,postgres,redis}-exporter."
  chmod 0755 "$build/root"
  mv "$build/root" "$home"
fi

libraries "$home"
printf 'REDIS_SERVER=%s\nRABBITMQ_SBIN=%s\nSERVERS_PATH=%s\nSERVERS_LIBRARY_PATH=%s\n' \
  "$(server_in "$home")" "$home/usr/lib/rabbitmq/bin" "$home/usr/lib/erlang/bin" "$library_path"
prometheus_in "$home"

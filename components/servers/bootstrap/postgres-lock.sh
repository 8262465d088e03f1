# Holds a lock of a PostgreSQL database for as long as the container beside it runs.
#
# Whoever else holds it is waited for. HELD is the path of a file that is there while the lock is
# held. PostgreSQL gives the lock back when the session ends, however that comes: with this
# process, with its pod, or, when a node is lost, a minute later. When the connection is lost, this
# ends with an error, and is started again to wait anew.
#
# Settings (environment): PGHOST, PGPORT, PGDATABASE, PGSSLMODE, HELD, CREDENTIALS: a folder with
# the files username and password.
set -eu

PGUSER=$(cat "$CREDENTIALS/username")
PGPASSWORD=$(cat "$CREDENTIALS/password")
PGOPTIONS='-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3'
export PGUSER PGPASSWORD PGOPTIONS PGAPPNAME=nexus-migration PGCONNECT_TIMEOUT=10

# The first process of a container ends on no signal that it does not ask for.
trap 'trap "" TERM; kill 0; exit 0' TERM INT
rm -f "$HELD"

# A question every few seconds shows whether the connection is there.
session() {
  printf '%s\n' "\\echo migration: waiting for the lock" \
    "SELECT pg_advisory_lock(hashtext('nexus-migration'));" \
    '\! : > "$HELD"' "\\echo migration: it is held"
  while sleep 3; do printf 'SELECT 1 \\g /dev/null\n'; done
}
session | psql --no-psqlrc --no-password --quiet --tuples-only --set=ON_ERROR_STOP=1 &
wait $! || exit 1

#!/bin/sh
# Gives one service its own PostgreSQL database and a login that reaches no other one.
#
# Afterwards there are: OWNER_ROLE (no login), which owns DATABASE and everything in it;
# LOGIN_ROLE (password), a member of it whose sessions there act as the owner, so that what a
# migration creates never belongs to a login that may be replaced; and nobody else may connect.
# A second run changes nothing; a run with a new password file rotates the password.
#
# Settings (environment): PGHOST, DATABASE, OWNER_ROLE, LOGIN_ROLE; optional PGPORT (5432),
# PGSSLMODE and PGSSLROOTCERT (libpq's), PGDATABASE (the maintenance database, "postgres"),
# CONNECTION_LIMIT of the login (-1, none), WAIT_SECONDS (120), SECRETS_DIR.
# Secrets (files): $SECRETS_DIR/master/username, master/password, service/password.
#
# The master needs CREATEDB and CREATEROLE, not superuser (PostgreSQL 16 or newer). It writes
# no file, so the root file system may be read-only and the user any UID.
set -eu

# libpq's messages are matched below, and ${#name} has to count bytes as PostgreSQL does.
export LC_ALL=C

fail() {
  printf 'postgres bootstrap: %s\n' "$1" >&2
  exit 1
}

one_line() {
  printf '%s' "$1" | tr -s '\n\t ' '   ' | sed 's/^ //'
}

integer() { # NAME VALUE LEAST
  case ${2#-} in
    '' | *[!0-9]*) fail "$1 is \"$2\"; write a whole number of at least $3." ;;
  esac
  [ "$2" -ge "$3" ] || fail "$1 is $2; write a whole number of at least $3."
}

name() { # NAME VALUE
  [ -n "$2" ] || fail "$1 is not set; set it in the Job's environment."
  # PostgreSQL cuts a longer name off silently, and then two services could share one database.
  [ "${#2}" -le 63 ] || fail "$1 is longer than PostgreSQL's 63 bytes; shorten \"$2\"."
  case $2 in
    *[[:cntrl:]]*) fail "$1 holds a control character; use a DNS label." ;;
  esac
}

secret() { # FILE
  [ -r "$1" ] || fail "cannot read $1; mount the Secret that holds it there."
  value=$(cat "$1")
  [ -n "$value" ] || fail "$1 is empty; put the value into the Secret."
  case $value in
    *[[:cntrl:]]*) fail "$1 holds more than one line; keep the value on one." ;;
  esac
  printf '%s' "$value"
}

maintenance=${PGDATABASE:-postgres}
connection_limit=${CONNECTION_LIMIT:--1}
wait_seconds=${WAIT_SECONDS:-120}
secrets=${SECRETS_DIR:-/var/run/secrets/nexus}
[ -n "${PGHOST:-}" ] || fail "PGHOST is not set; set it to the PostgreSQL server's host name."
name DATABASE "${DATABASE:-}"
name OWNER_ROLE "${OWNER_ROLE:-}"
name LOGIN_ROLE "${LOGIN_ROLE:-}"
integer CONNECTION_LIMIT "$connection_limit" -1
integer WAIT_SECONDS "$wait_seconds" 1
master=$(secret "$secrets/master/username")
master_password=$(secret "$secrets/master/password")
service_password=$(secret "$secrets/service/password")

# Any of these would hand the server itself, not a database, to the service.
case $DATABASE in
  "$maintenance" | postgres | template0 | template1)
    fail "DATABASE \"$DATABASE\" belongs to the server; use a name of the service's own." ;;
esac
for role in "$OWNER_ROLE" "$LOGIN_ROLE"; do
  [ "$role" != "$master" ] || fail "role \"$role\" is the master's own; use another name."
done
[ "$OWNER_ROLE" != "$LOGIN_ROLE" ] ||
  fail "OWNER_ROLE and LOGIN_ROLE are both \"$OWNER_ROLE\"; they have to differ."

# Passwords go through the environment of psql alone and names through psql variables, so that
# neither a process list nor a quote inside a name can do harm. Database names go through
# PGDATABASE because --dbname would read "host=…" inside one as connection settings.
launcher=
required_auth=none,password,md5,scram-sha-256
connect() { # USER PASSWORD DATABASE [psql option…]
  connect_user=$1 connect_password=$2 connect_database=$3
  shift 3
  PGUSER=$connect_user PGPASSWORD=$connect_password PGDATABASE=$connect_database \
    PGREQUIREAUTH=$required_auth PGCONNECT_TIMEOUT=5 PGAPPNAME=nexus-bootstrap \
    PGOPTIONS='-c client_min_messages=warning' \
    $launcher psql --no-psqlrc --no-password --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --set=database="$DATABASE" --set=owner="$OWNER_ROLE" --set=login="$LOGIN_ROLE" \
    --set=connection_limit="$connection_limit" --set=lock_seconds="${wait_seconds}s" "$@"
}

as_master() {
  connect "$master" "$master_password" "$maintenance" "$@"
}

wait_for_server() {
  deadline=$(($(date +%s) + wait_seconds))
  where="PostgreSQL at $PGHOST:${PGPORT:-5432}"
  until message=$(as_master --command='SELECT 1' 2>&1 >/dev/null); do
    message=$(one_line "$message")
    case $message in # Waiting mends none of these.
      *"authentication failed"* | *pg_hba.conf* | *"does not exist"* | *certificate*)
        fail "$where refuses the master \"$master\"; correct its Secret: $message" ;;
    esac
    [ "$(date +%s)" -le "$deadline" ] ||
      fail "$where did not let the master in within $wait_seconds s: $message"
    sleep 1
  done
}

# Jobs of many services run at once; one at a time here means that no two of them race for the
# same catalog row. The lock ends with the session.
lock="SET lock_timeout = :'lock_seconds';
SELECT pg_advisory_lock(hashtext('nexus-bootstrap')) AS locked \\gset"

create_database() {
  as_master 2>&1 <<SQL
$lock
-- The maintenance database is no service's, so none has to get into it.
SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', datname)
  FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS held
  WHERE datname = current_database() AND pg_has_role(datdba, 'USAGE') AND held.grantee = 0
  LIMIT 1 \\gexec

SELECT format('CREATE ROLE %I NOLOGIN', :'owner')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \\gexec
SELECT format('ALTER ROLE %I NOLOGIN NOCREATEDB NOCREATEROLE', rolname) FROM pg_roles
  WHERE rolname = :'owner' AND (rolcanlogin OR rolcreatedb OR rolcreaterole) \\gexec
SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', :'login', :'connection_limit')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \\gexec
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s',
    rolname, :'connection_limit') FROM pg_roles
  WHERE rolname = :'login' AND (NOT rolcanlogin OR rolcreatedb OR rolcreaterole
    OR rolconnlimit <> :'connection_limit'::int) \\gexec

-- To give a database away the master has to be able to SET ROLE to its new owner. INHERIT FALSE:
-- it does not read the service's data by accident.
SELECT format('GRANT %I TO CURRENT_USER WITH SET TRUE, INHERIT FALSE', :'owner')
  WHERE NOT pg_has_role(:'owner', 'SET') \\gexec
SELECT format('GRANT %I TO %I WITH SET TRUE, INHERIT TRUE', :'owner', :'login')
  WHERE NOT pg_has_role(:'login', :'owner', 'SET')
    OR NOT pg_has_role(:'login', :'owner', 'USAGE') \\gexec

-- template0: nobody can be connected to it, so the copy never fails because somebody is.
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''',
    :'database', :'owner')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', datname, :'owner') FROM pg_database
  WHERE datname = :'database' AND pg_get_userbyid(datdba) <> :'owner' \\gexec

SET ROLE :"owner";
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', datname)
  FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS held
  WHERE datname = :'database' AND held.grantee = 0 LIMIT 1 \\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'database', :'login')
  WHERE NOT EXISTS (
    SELECT FROM pg_database, aclexplode(datacl) AS held WHERE datname = :'database'
      AND held.privilege_type = 'CONNECT' AND pg_get_userbyid(held.grantee) = :'login') \\gexec
RESET ROLE;

SELECT format('ALTER ROLE %I IN DATABASE %I SET role TO %L', :'login', :'database', :'owner')
  WHERE NOT EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
      WHERE datname = :'database' AND pg_get_userbyid(setrole) = :'login'
        AND 'role=' || :'owner' = ANY (setconfig)) \\gexec
SQL
}

# \password makes the SCRAM verifier in psql, so the server, its log and its statistics never
# see the password. It asks the terminal if there is one; setsid takes that away.
set_password() {
  printf '%s\n' "$lock" '\password :"login"' "$service_password" "$service_password" | {
    ! command -v setsid >/dev/null || launcher=setsid
    as_master 2>&1
  }
}

# Logs in as the service itself: that proves the whole chain, and only the owner may change the
# public schema.
try_service() {
  connect "$LOGIN_ROLE" "$service_password" "$DATABASE" 2>&1 <<'SQL'
SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'
  FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS held
  WHERE nspname = 'public' AND held.grantee = 0 AND held.privilege_type = 'CREATE' \gexec
SELECT current_user = :'owner' AS acts_as_owner \gset
\if :acts_as_owner
\else
  DO $$ BEGIN RAISE EXCEPTION 'sessions of the login do not act as the owner'; END $$;
\endif
SQL
}

# A service that holds all its connections is no reason to fail, and the server says so only
# after it has accepted the password.
service_works() {
  outcome=$(try_service) || case $outcome in
    *"too many connections for role"*) outcome= ;;
    *) return 1 ;;
  esac
}

# The password is left alone if it works already: setting it again would make a new verifier.
# Under "trust" any password works, so that proves nothing.
password_works() {
  case $changes in *"CREATE ROLE"*) return 1 ;; esac
  (required_auth=md5,scram-sha-256 && service_works)
}

wait_for_server
about="database \"$DATABASE\""
changes=$(create_database) ||
  fail "$about could not be set up: $(one_line "$changes"). Correct that and run this Job again."
if ! password_works; then
  problem=$(set_password) ||
    fail "the password of \"$LOGIN_ROLE\" could not be set: $(one_line "$problem")."
  changes=$(printf '%s\nPASSWORD' "$changes")
fi
service_works ||
  fail "\"$LOGIN_ROLE\" cannot use $about as its owner: $(one_line "$outcome")."
changes=$(printf '%s\n%s' "$changes" "$outcome" | grep -v -x -e SET -e RESET || true)
printf 'postgres bootstrap: %s is ready: %s.\n' "$about" "$(one_line "${changes:-no change}")"

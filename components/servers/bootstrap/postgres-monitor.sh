#!/bin/sh
# Gives monitoring a login that reads how a PostgreSQL server does, and no service's data.
#
# Afterwards LOGIN_ROLE (password) is a member of OWNER_ROLE, which is PostgreSQL's own pg_monitor,
# and may connect to the maintenance database alone. A second run changes nothing; a run with a new
# password file rotates the password.
#
# Settings and secrets are those of postgres.sh, whose head this reads; DATABASE is not used. The
# master has to be one who may grant OWNER_ROLE: a superuser, or the master of a managed server.
set -eu

# Everything above the steps of postgres.sh: settings and their checks, connections, the lock.
eval "$(sed '/^wait_for_server$/,$d; s/postgres bootstrap: /postgres monitoring: /' \
  "${0%/*}/postgres.sh")"

let_in() {
  as_master 2>&1 <<SQL
$lock
SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', :'login', :'connection_limit')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \\gexec
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s',
    rolname, :'connection_limit') FROM pg_roles
  WHERE rolname = :'login' AND (NOT rolcanlogin OR rolcreatedb OR rolcreaterole
    OR rolconnlimit <> :'connection_limit'::int) \\gexec
SELECT format('GRANT %I TO %I', :'owner', :'login')
  WHERE NOT pg_has_role(:'login', :'owner', 'MEMBER') \\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'login')
  WHERE NOT has_database_privilege(:'login', current_database(), 'CONNECT') \\gexec
SQL
}

# Logs in as monitoring does.
try_service() {
  connect "$LOGIN_ROLE" "$service_password" "$maintenance" 2>&1 <<'SQL'
SELECT pg_has_role(:'owner', 'USAGE')
  AND NOT has_database_privilege(current_database(), 'CREATE') AS reads_alone \gset
\if :reads_alone
\else
  DO $$ BEGIN RAISE EXCEPTION 'the login may not monitor, or may create schemas'; END $$;
\endif
SQL
}

wait_for_server
changes=$(let_in) ||
  fail "\"$LOGIN_ROLE\" could not be let in: $(one_line "$changes"). Correct that and run this Job \
again."
if ! password_works; then
  problem=$(set_password) ||
    fail "the password of \"$LOGIN_ROLE\" could not be set: $(one_line "$problem")."
  changes=$(printf '%s\nPASSWORD' "$changes")
fi
service_works || fail "\"$LOGIN_ROLE\" cannot sign in: $(one_line "$outcome")."
changes=$(printf '%s\n' "$changes" | grep -v -x -e SET -e RESET || true)
printf 'postgres monitoring: "%s" is ready: %s.\n' "$LOGIN_ROLE" "$(one_line "${changes:-no change}")"

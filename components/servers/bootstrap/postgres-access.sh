#!/bin/sh
# Gives a login access to a database that is another role's, and no right over its tables' shape.
#
# Afterwards LOGIN_ROLE (password) connects to DATABASE as itself. ACCESS "read" lets it read every
# table of OWNER_ROLE there, "read-write" insert, update and delete rows, too; tables, sequences
# and schemas that the owner makes later are covered. It may create nothing, not even temporary
# tables, and it is no member of the owner; if it was one, as a login of postgres.sh is, what it
# made itself goes to the owner. A second run changes nothing; another ACCESS takes and gives what
# differs, another DATABASE keeps it out of the one before. The database and its owner are there
# already: postgres.sh makes both.
#
# Settings and secrets are those of postgres.sh, whose head this reads; and ACCESS.
set -eu

# Everything above the steps of postgres.sh: settings and their checks, connections, the lock.
eval "$(sed '/^wait_for_server$/,$d; s/postgres bootstrap: /postgres access: /' \
  "${0%/*}/postgres.sh")"

case ${ACCESS:-} in
  read) on_tables=SELECT on_sequences=SELECT ;;
  read-write) on_tables=SELECT,INSERT,UPDATE,DELETE on_sequences=SELECT,UPDATE,USAGE ;;
  *) fail "ACCESS is \"${ACCESS:-}\"; write \"read\" or \"read-write\"." ;;
esac

# Nobody but members of the owner may connect, so the owner lets the login in, and the master,
# who gives the rest. To connect is all that the master may do there as itself.
let_in() {
  as_master 2>&1 <<SQL
$lock
SELECT format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', :'login', :'connection_limit')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \\gexec
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT %s',
    rolname, :'connection_limit') FROM pg_roles
  WHERE rolname = :'login' AND (NOT rolcanlogin OR rolcreatedb OR rolcreaterole
    OR rolconnlimit <> :'connection_limit'::int) \\gexec

SET ROLE :"owner";
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'database', wanted)
  FROM unnest(ARRAY[:'login', session_user::text]) AS wanted
  WHERE NOT EXISTS (
    SELECT FROM pg_database, aclexplode(datacl) AS held WHERE datname = :'database'
      AND held.privilege_type = 'CONNECT' AND pg_get_userbyid(held.grantee) = wanted) \\gexec
SELECT format('REVOKE %s ON DATABASE %I FROM %I', held.privilege_type, datname, :'login')
  FROM pg_database, aclexplode(datacl) AS held WHERE datname = :'database'
    AND held.privilege_type <> 'CONNECT' AND pg_get_userbyid(held.grantee) = :'login' \\gexec
RESET ROLE;

-- Whose database it used before lets it in no longer; only that one's owner can take this back.
SELECT format('SET ROLE %I', pg_get_userbyid(datdba)),
    format('REVOKE CONNECT ON DATABASE %I FROM %I', datname, :'login'), 'RESET ROLE'
  FROM pg_database, aclexplode(datacl) AS held WHERE datname <> :'database'
    AND held.privilege_type = 'CONNECT' AND pg_get_userbyid(held.grantee) = :'login'
    AND pg_has_role(datdba, 'SET') \\gexec
SQL
}

# Rights are compared one by one, so that a second run writes nothing.
give_access() {
  connect "$master" "$master_password" "$DATABASE" \
    --set=on_tables="$on_tables" --set=on_sequences="$on_sequences" 2>&1 <<SQL
$lock
-- What a member made in its own name would stay out of the owner's reach.
SELECT pg_has_role(:'login', :'owner', 'USAGE') AND EXISTS (
  SELECT FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass
    AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = :'login')
    AND dbid = (SELECT oid FROM pg_database WHERE datname = :'database')) AS owns \\gset
\\if :owns
  GRANT :"login" TO CURRENT_USER WITH SET TRUE, INHERIT FALSE;
  SET ROLE :"login";
  REASSIGN OWNED BY :"login" TO :"owner";
  RESET ROLE;
  REVOKE :"login" FROM CURRENT_USER GRANTED BY CURRENT_USER;
\\endif

SET ROLE :"owner";
CREATE TEMPORARY VIEW wanted AS
  SELECT 'TABLE' AS kind, unnest(string_to_array(:'on_tables', ',')) AS privilege
  UNION ALL SELECT 'SEQUENCE', unnest(string_to_array(:'on_sequences', ','))
  UNION ALL SELECT 'SCHEMA', 'USAGE';
CREATE TEMPORARY VIEW objects AS
  SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
      format('%I.%I', nspname, relname) AS name, relacl AS acl
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND pg_has_role(relowner, 'USAGE')
      AND nspname !~ '^pg_'
  UNION ALL SELECT 'SCHEMA', quote_ident(nspname), nspacl FROM pg_namespace
    WHERE nspname !~ '^pg_' AND pg_has_role(nspowner, 'USAGE');
CREATE TEMPORARY VIEW held AS
  SELECT kind, name, privilege_type AS privilege FROM objects, aclexplode(acl)
    WHERE pg_get_userbyid(grantee) = :'login';
CREATE TEMPORARY VIEW held_later AS
  SELECT CASE defaclobjtype WHEN 'r' THEN 'TABLE' WHEN 'S' THEN 'SEQUENCE' WHEN 'n' THEN 'SCHEMA'
      END AS kind, privilege_type AS privilege
    FROM pg_default_acl, aclexplode(defaclacl)
    WHERE defaclnamespace = 0 AND pg_get_userbyid(defaclrole) = :'owner'
      AND pg_get_userbyid(grantee) = :'login';

SELECT format('GRANT %s ON %s %s TO %I', string_agg(privilege, ', ' ORDER BY privilege),
    kind, name, :'login')
  FROM objects JOIN wanted USING (kind)
  WHERE (kind, name, privilege) NOT IN (SELECT kind, name, privilege FROM held)
  GROUP BY kind, name \\gexec
SELECT format('REVOKE %s ON %s %s FROM %I', privilege, kind, name, :'login') FROM held
  WHERE (kind, privilege) NOT IN (SELECT kind, privilege FROM wanted) \\gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT %s ON %sS TO %I', :'owner', privilege,
    kind, :'login')
  FROM wanted WHERE (kind, privilege) NOT IN (SELECT kind, privilege FROM held_later) \\gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE %s ON %sS FROM %I', :'owner',
    privilege, kind, :'login')
  FROM held_later WHERE (kind, privilege) NOT IN (SELECT kind, privilege FROM wanted) \\gexec
RESET ROLE;

-- Last, for sessions that run already have lost nothing until here.
SELECT format('ALTER ROLE %I IN DATABASE %I RESET role', :'login', :'database')
  WHERE EXISTS (
    SELECT FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase
      WHERE datname = :'database' AND pg_get_userbyid(setrole) = :'login'
        AND setconfig::text ~ '[{,"]role=') \\gexec
SELECT format('REVOKE %I FROM %I', :'owner', :'login')
  WHERE pg_has_role(:'login', :'owner', 'MEMBER') \\gexec
SQL
}

# Logs in as the login does: it has to be itself, and to have no way to create anything.
try_service() {
  connect "$LOGIN_ROLE" "$service_password" "$DATABASE" 2>&1 <<'SQL'
SELECT current_user = :'login' AND NOT pg_has_role(:'owner', 'MEMBER')
  AND NOT has_database_privilege(:'database', 'CREATE')
  AND NOT has_schema_privilege('public', 'CREATE') AS has_access_alone \gset
\if :has_access_alone
\else
  DO $$ BEGIN RAISE EXCEPTION 'the login may do more than was given to it'; END $$;
\endif
SQL
}

wait_for_server
about="database \"$DATABASE\""
changes=$(let_in) && more=$(give_access) ||
  fail "\"$LOGIN_ROLE\" could not be given access to $about: $(one_line "$changes ${more:-}"). \
Correct that and run this Job again."
changes=$(printf '%s\n%s' "$changes" "$more")
if ! password_works; then
  problem=$(set_password) ||
    fail "the password of \"$LOGIN_ROLE\" could not be set: $(one_line "$problem")."
  changes=$(printf '%s\nPASSWORD' "$changes")
fi
service_works || fail "\"$LOGIN_ROLE\" cannot use $about: $(one_line "$outcome")."
changes=$(printf '%s\n' "$changes" |
  grep -v -x -e SET -e RESET -e 'CREATE VIEW' || true)
printf 'postgres access: "%s" may %s %s: %s.\n' "$LOGIN_ROLE" "$ACCESS" "$about" \
  "$(one_line "${changes:-no change}")"

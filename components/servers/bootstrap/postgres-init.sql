-- Run once by the image's entry point, as superuser, when the server's volume is
-- empty: makes the role that the bootstrap Jobs use. It is no superuser, so that
-- the Jobs' SQL holds for managed servers too.
\set ON_ERROR_STOP on
\set master `cat /var/run/secrets/nexus/master/username`
\set password `cat /var/run/secrets/nexus/master/password`
CREATE ROLE :"master" LOGIN CREATEDB CREATEROLE PASSWORD :'password';
-- No service has business in the databases that every server has.
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO :"master";

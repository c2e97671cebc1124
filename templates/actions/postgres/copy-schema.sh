# copy-schema: the source's objects, without rows, on the target, and each side's login on the other.
#
# The application keeps its login when it is switched to the other side, and gets that side's own later, when its servers
# restart; so both logins work on both sides, and act as one role.

# Lets the target's login in at the source. Where the source's login owns tables and is no superuser, it cannot lend itself
# from PostgreSQL 16 on, and grants what it owns instead.
guest() {
  local acting=$1 guest
  guest=$(name "${user[target]}")
  [[ ${user[source]} != "${user[target]}" ]] || return 0
  role_of_login source "${user[target]}" "${password[target]}" | sql source
  if [[ $acting != "${user[source]}" ]] || is_super source || (($(version source) < 16)) || lends_itself source; then
    act_as source "${user[target]}" "$acting" | sql source
    return
  fi
  sql source <<SQL
SELECT format('GRANT %s ON %s TO $guest', rights, what) FROM (
  SELECT 'ALL', 'DATABASE ' || quote_ident(current_database())
  UNION ALL SELECT 'ALL', 'SCHEMA ' || quote_ident(nspname) FROM pg_namespace WHERE pg_has_role(nspowner, 'USAGE') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  UNION ALL SELECT 'ALL', kind || ' IN SCHEMA ' || quote_ident(nspname) FROM pg_namespace, unnest(ARRAY['ALL TABLES', 'ALL SEQUENCES', 'ALL ROUTINES']) kind
    WHERE pg_has_role(nspowner, 'USAGE') AND nspname !~ '^pg_' AND nspname <> 'information_schema') x(rights, what) \gexec
SQL
}
# On RDS a master user may lend itself; PostgreSQL itself does not allow it.
lends_itself() {
  printf 'BEGIN; GRANT %s TO %s; ROLLBACK;' "$(name "${user[$1]}")" "$(name "${user[$(other "$1")]}")" | may_fail=1 bulk "$1" >"$work/out" 2>&1
}

# Everything but what every new database has.
empty() {
  local own
  own=$(name "${user[$1]}")
  sql "$1" <<SQL
SELECT format('DROP EVENT TRIGGER %I', evtname) FROM pg_event_trigger t WHERE evtname !~ '^rds'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = t.oid AND deptype = 'e') \gexec
SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication \gexec
SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql' AND pg_has_role(extowner, 'USAGE') \gexec
SELECT format('DROP SERVER %I CASCADE', srvname) FROM pg_foreign_server \gexec
SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \gexec
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %s REVOKE ALL ON %s FROM %s', defaclrole::regrole, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'
  WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
  FROM pg_default_acl, aclexplode(defaclacl) WHERE defaclnamespace = 0 AND grantee <> defaclrole \gexec
SELECT format('ALTER DATABASE %I RESET ALL', current_database()), format('COMMENT ON DATABASE %I IS NULL', current_database()),
  format('ALTER ROLE %I IN DATABASE %I RESET ALL', session_user, current_database()), format('ALTER DATABASE %I OWNER TO %I', current_database(), session_user) \gexec
CREATE SCHEMA public;
GRANT USAGE ON SCHEMA public TO PUBLIC;
ALTER SCHEMA public OWNER TO pg_database_owner;
COMMENT ON SCHEMA public IS 'standard public schema';
SQL
}

if [[ $action == 'undo' ]]; then
  mark=$(mark_of target)
  [[ -n $mark ]] || exit 0
  unused_or_refuse target
  ! has_subscription source || refuse "the target still follows the source; undo replicate first"
  empty target
  exit 0
fi

mark=$(mark_of target)
if [[ $mark == target ]]; then say "the target has the schema already"; exit 0; fi
# It was the source once; what it held has been moved away since.
if [[ $mark == retired ]]; then unused_or_refuse target; empty target; fi
tidy source
acting=$(acting_role source "${user[source]}")
guest "$acting"
# One transaction: all of it or nothing, and the mark with it.
{
  echo 'BEGIN;'
  schema_statements "$acting"
  echo "CREATE SCHEMA scalectl; COMMENT ON SCHEMA scalectl IS 'target'; ALTER SCHEMA scalectl OWNER TO $(name "$acting"); COMMIT;"
} >"$work/schema.sql"
run_schema "$work/schema.sql" || refuse "the target does not take the schema"
different=$(differing_objects) || refuse "the objects of both sides could not be compared"
[[ -z $different ]] || refuse "the schema arrived otherwise: $(some "$different"); undo copy-schema"
printf '{"tables":%d}\n' "$(sql target "SELECT count(*) $tables")"

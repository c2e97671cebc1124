# preflight: whether this database can be moved by logical replication, and what stands in the way. Changes nothing: what
# is tried on the target is rolled back.
problems=()
check() { [[ -z $2 ]] || problems+=("$1: $(some "$2")"); }

if [[ $action == 'undo' ]]; then
  [[ $TARGET_SECRET != "$own" ]] || site-database end
  exit 0
fi
source_version=$(version source) target_version=$(version target)
((target_version >= source_version)) ||
  problems+=("the target runs PostgreSQL $target_version, the source $source_version; a newer one can follow an older one, not the other way round")
if [[ ${user[source]} == "${user[target]}" && ${password[source]} != "${password[target]}" ]]; then
  problems+=("both sides' login is called ${user[source]}, with two passwords; the application needs one that both take")
fi
super=f
! is_super target || super=t
acting=$(acting_role source "${user[source]}")
if [[ $super == f && $acting == "${user[target]}" && $acting != "${user[source]}" ]] && ((target_version >= 16)); then
  problems+=("${user[source]} acts as $acting, which is the target's login too and cannot lend itself there (on the source, as ${user[source]}: ALTER ROLE ${user[source]} IN DATABASE $DATABASE RESET role; REASSIGN OWNED BY $acting TO ${user[source]})")
fi

# Each row of a check names an object and the statement that removes the obstacle.
leaves="FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relpersistence = 'p'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'scalectl')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
# What identifies a row of the table c for updates and deletes; a key that is checked late does not.
identity="CASE c.relreplident WHEN 'f' THEN 'full' WHEN 'n' THEN NULL
  WHEN 'i' THEN (SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = c.oid AND indisreplident AND indisvalid AND indimmediate LIMIT 1)
  ELSE (SELECT i.indexrelid::regclass::text FROM pg_index i WHERE i.indrelid = c.oid AND indisprimary AND indisvalid AND indimmediate LIMIT 1) END"
check "without a usable primary key or replica identity, so updates could not be replicated" \
  "$(sql source "SELECT format('%I.%I (ALTER TABLE %I.%I %s)', n.nspname, c.relname, n.nspname, c.relname, CASE WHEN EXISTS
      (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND indisprimary AND NOT indimmediate) THEN 'REPLICA IDENTITY FULL, or a primary key that is not DEFERRABLE'
      WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND indisprimary) THEN 'REPLICA IDENTITY DEFAULT' ELSE 'REPLICA IDENTITY FULL' END)
    $leaves AND ($identity) IS NULL ORDER BY 1")"
check "rows are found by all columns (REPLICA IDENTITY FULL), and some columns' types cannot be compared" \
  "$(sql source "WITH RECURSIVE parts(one, type) AS (SELECT c.oid, a.atttypid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' WHERE c.relkind = 'r' AND c.relreplident = 'f' AND n.nspname <> 'scalectl'
    UNION SELECT one, part FROM parts JOIN pg_type t ON t.oid = type CROSS JOIN LATERAL (SELECT typelem WHERE typelem <> 0 AND typlen = -1 UNION ALL SELECT typbasetype WHERE typbasetype <> 0
      UNION ALL SELECT rngsubtype FROM pg_range WHERE rngtypid = t.oid
      UNION ALL SELECT atttypid FROM pg_attribute WHERE attrelid = typrelid AND typrelid <> 0 AND attnum > 0 AND NOT attisdropped) x(part))
    SELECT format('%s, type %s (ALTER TABLE %s ADD PRIMARY KEY ...)', one::regclass, string_agg(DISTINCT type::regtype::text, ', '), one::regclass) FROM parts JOIN pg_type t ON t.oid = type
    WHERE typtype = 'b' AND NOT (typelem <> 0 AND typlen = -1) AND NOT EXISTS (SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = opcmethod
      WHERE amname IN ('btree', 'hash') AND opcdefault AND (opcintype = type OR EXISTS (SELECT FROM pg_cast WHERE castsource = type AND casttarget = opcintype AND castmethod = 'b')))
    GROUP BY one ORDER BY 1")"
check "a generated column is part of what identifies rows, and is not replicated" \
  "$(sql source "SELECT DISTINCT format('%I.%I (ALTER TABLE %I.%I REPLICA IDENTITY FULL)', n.nspname, c.relname, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_index i ON i.indrelid = c.oid AND (i.indisreplident OR (c.relreplident = 'd' AND i.indisprimary)) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
    WHERE a.attgenerated <> '' AND n.nspname !~ '^pg_'")"
check "indexes that are not valid are not copied" \
  "$(sql source "SELECT format('%s (REINDEX INDEX CONCURRENTLY %s, or DROP INDEX %s)', indexrelid::regclass, indexrelid::regclass, indexrelid::regclass) FROM pg_index
    JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid AND c.relkind = 'i' AND relnamespace::regnamespace::text !~ '^pg_' ORDER BY 1")"
check "unlogged tables are not replicated" \
  "$(sql source "SELECT format('%I.%I (ALTER TABLE %I.%I SET LOGGED)', n.nspname, c.relname, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'u' ORDER BY 1")"
check "partitions that are foreign tables are not replicated" \
  "$(sql source "SELECT format('%s (ALTER TABLE %s DETACH PARTITION %s)', inhrelid::regclass, inhparent::regclass, inhrelid::regclass) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE relkind = 'f' ORDER BY 1")"
check "large objects are not replicated; keep them in a bytea column or in object storage" \
  "$(sql source "SELECT format('%s of them (SELECT lo_unlink(oid) FROM pg_largeobject_metadata)', count(*)) FROM pg_largeobject_metadata HAVING count(*) > 0")"
check "triggers that fire for replicated rows too would change them" \
  "$(sql source "SELECT format('%s of %s (ALTER TABLE %s ENABLE TRIGGER %I)', tgname, tgrelid::regclass, tgrelid::regclass, tgname) FROM pg_trigger
    WHERE tgenabled IN ('A', 'R') AND NOT tgisinternal ORDER BY 1")"
check "event triggers that fire for every session would hear of the move itself" \
  "$(sql source "SELECT format('%s (ALTER EVENT TRIGGER %I ENABLE)', evtname, evtname) FROM pg_event_trigger WHERE evtenabled IN ('A', 'R') AND evtname !~ '^rds' ORDER BY 1")"
check "replication slots whose readers cannot follow to another server" \
  "$(sql source "SELECT format('%s (SELECT pg_drop_replication_slot(%L))', slot_name, slot_name) FROM pg_replication_slots
    WHERE database = current_database() AND NOT temporary AND slot_name !~ '^(scalectl_|pg_\d+_sync_)' ORDER BY 1")"
check "this database follows another one" \
  "$(sql source "SELECT format('%s (DROP SUBSCRIPTION %I)', subname, subname) FROM pg_subscription
    WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND subname !~ '^scalectl_' ORDER BY 1")"
check "still open on the source" "$(blockers source)"
check "a schema of the application has the name of the one that migrations use" \
  "$(sql source "SELECT 'scalectl (ALTER SCHEMA scalectl RENAME TO ...)' FROM pg_class WHERE relnamespace = to_regnamespace('scalectl')
    UNION SELECT 'scalectl (ALTER SCHEMA scalectl RENAME TO ...)' FROM pg_proc WHERE pronamespace = to_regnamespace('scalectl')")"
check "names with a line break" \
  "$(sql source "SELECT translate(relname, E'\n\r\x1f', '???') FROM pg_class WHERE relname ~ E'[\n\r\x1f]' UNION SELECT translate(attname, E'\n\r\x1f', '???')
    FROM pg_attribute WHERE attname ~ E'[\n\r\x1f]' UNION SELECT translate(nspname, E'\n\r\x1f', '???') FROM pg_namespace WHERE nspname ~ E'[\n\r\x1f]'")"

# A CHECK that was added NOT VALID is checked for every row that is copied.
broken=$(may_fail=1 sql source <<'SQL'
SELECT format('SELECT format(%L, count(*)) FROM ONLY %s WHERE NOT (%s) HAVING count(*) > 0',
    format('%%s rows of %s break %I (correct or delete them, or ALTER TABLE %s DROP CONSTRAINT %I)', conrelid::regclass, conname, conrelid::regclass, conname),
    conrelid::regclass, pg_get_expr(conbin, conrelid))
  FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid WHERE contype = 'c' AND NOT convalidated AND relkind = 'r'
  AND coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true' \gexec
SELECT format('SELECT format(%L, count(*)) FROM ONLY %s, LATERAL (SELECT %I::%s AS value) x WHERE NOT (%s) HAVING count(*) > 0',
    format('%%s rows of %s.%I break %I of the type %s (correct them, or ALTER DOMAIN %s DROP CONSTRAINT %I)', a.attrelid::regclass, attname, conname, contypid::regtype, contypid::regtype, conname),
    a.attrelid::regclass, attname, format_type(typbasetype, typtypmod), regexp_replace(pg_get_expr(conbin, 0), '\mVALUE\M', 'x.value', 'g'))
  FROM pg_constraint k JOIN pg_type t ON t.oid = contypid JOIN pg_attribute a ON a.atttypid = contypid AND attnum > 0 AND NOT attisdropped JOIN pg_class c ON c.oid = attrelid
  WHERE contype = 'c' AND NOT convalidated AND relkind = 'r' \gexec
SQL
) || problems+=("constraints that are not validated cannot be evaluated; see above")
check "rows that would be refused" "$broken"

# The database itself is made before: its encoding and its order of texts stay.
locale="SELECT concat_ws(', ', 'encoding ' || pg_encoding_to_char(encoding), 'provider ' || CASE datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE datlocprovider::text END,
  'collation ' || CASE WHEN datlocprovider = 'c' THEN regexp_replace(lower(datcollate), 'utf-?8', 'utf8') ELSE coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') END,
  'character types ' || regexp_replace(lower(datctype), 'utf-?8', 'utf8')) FROM pg_database d WHERE datname = current_database()"
ours=$(sql source "$locale") theirs=$(sql target "$locale")
[[ $ours == "$theirs" ]] || problems+=("the databases sort and read texts differently: $ours on the source, $theirs on the target (make the target anew: CREATE DATABASE $DATABASE TEMPLATE template0 with the source's ENCODING, LC_COLLATE and LC_CTYPE)")

# Who reads and writes rows on either side has to see all of them.
for side in source target; do
  [[ $(sql "$side" "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user") == t ]] ||
    check "the $side's login is no superuser, and these tables hide rows from their owner too" \
      "$(sql source "SELECT format('%I.%I (ALTER TABLE %I.%I NO FORCE ROW LEVEL SECURITY)', n.nspname, c.relname, n.nspname, c.relname) $tables AND c.relrowsecurity AND c.relforcerowsecurity ORDER BY 1")"
done
if ! is_super source; then
  check "the source's login cannot read these tables, which belong to others" \
    "$(sql source "SELECT format('%I.%I (GRANT %s TO %I)', n.nspname, c.relname, relowner::regrole, session_user) $tables AND NOT pg_has_role(relowner, 'USAGE') ORDER BY 1")"
  check "time limits would end the copy, which takes the application's login here" \
    "$(sql source "SELECT format('%s of %s (ALTER %s RESET %s)', c, coalesce(rolname, 'the database'), coalesce('ROLE ' || quote_ident(rolname) || CASE WHEN setdatabase <> 0 THEN ' IN DATABASE ' || quote_ident(current_database()) ELSE '' END, 'DATABASE ' || quote_ident(current_database())), split_part(c, '=', 1))
      FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole, unnest(setconfig) c WHERE c ~ '^(statement|transaction|idle_in_transaction_session)_timeout=' AND c !~ '=0$'
      AND (rolname = session_user OR (setrole = 0 AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())))
      AND EXISTS (SELECT $tables AND pg_get_userbyid(relowner) = session_user)")"
fi

if [[ $super == f ]]; then
  check "tables whose owner has given up rights, with which their rows are written on the target" \
    "$(sql source "SELECT format('%I.%I (GRANT ALL ON %I.%I TO %s)', n.nspname, c.relname, n.nspname, c.relname, relowner::regrole) $tables
      AND (SELECT count(DISTINCT privilege_type) FROM aclexplode(relacl) WHERE grantee IN (relowner, 0) AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')) < 5
      AND relacl IS NOT NULL ORDER BY 1")"
fi

# Roles go along as far as the target's login may give what they have.
if [[ $super == f ]]; then
  check "roles that can do what nobody may on the target" \
    "$(sql source "SELECT format('%s (ALTER ROLE %I %s)', rolname, rolname, concat_ws(' ', CASE WHEN rolsuper THEN 'NOSUPERUSER' END, CASE WHEN rolbypassrls THEN 'NOBYPASSRLS' END))
      FROM ($(roles_query)) r WHERE (rolsuper OR rolbypassrls) AND rolname <> $(literal "${user[source]}") ORDER BY 1")"
fi
if [[ $(sql source "SELECT has_table_privilege('pg_authid', 'SELECT')") != t ]]; then
  known_roles=$(sql target "SELECT coalesce(string_agg(quote_literal(rolname), ', '), '''''') FROM pg_roles WHERE rolcanlogin")
  check "passwords of these roles cannot be read here, so the roles have to be made on the target" \
    "$(sql source "SELECT format('%s (CREATE ROLE %I LOGIN PASSWORD ''...'')', rolname, rolname) FROM ($(roles_query)) r
      WHERE rolcanlogin AND rolname <> $(literal "${user[source]}") AND rolname NOT IN ($known_roles) ORDER BY 1")"
fi

# Settings that only a superuser may give, those of the application's own naming among them.
names=$(sql source "SELECT DISTINCT format('(%L, %L)', split_part(c, '=', 1), format('%s of %s (ALTER %s RESET %I)', split_part(c, '=', 1), coalesce(rolname, 'the database'),
    coalesce('ROLE ' || quote_ident(rolname) || CASE WHEN setdatabase <> 0 THEN ' IN DATABASE ' || quote_ident(current_database()) ELSE '' END,
      'DATABASE ' || quote_ident(current_database())), split_part(c, '=', 1)))
  FROM pg_db_role_setting s LEFT JOIN ($(roles_query)) r ON r.oid = setrole, unnest(setconfig) c WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  AND (rolname IS NOT NULL OR setrole = 0) AND c NOT LIKE 'role=%'")
if [[ -n $names && $super == f ]]; then
  # From version 15 on rights to single settings can be granted.
  granted=false
  ((target_version < 15)) || granted="has_parameter_privilege(x.name, 'SET')"
  check "settings that the target's login may not give" "$(sql target "SELECT words FROM (VALUES $(paste -sd, - <<<"$names")) x(name, words) LEFT JOIN pg_settings s ON s.name = x.name
    WHERE coalesce(context, 'superuser') NOT IN ('user', 'backend') AND NOT $granted ORDER BY 1")"
fi

if [[ $super == f ]]; then
  check "rights that somebody else than the owner has passed on, which the target's login may not do in their name" \
    "$(sql source "WITH $(things) SELECT format('%s%s on %s to %s by %s (REVOKE GRANT OPTION FOR %s%s ON %s FROM %s CASCADE; GRANT %s%s ON %s TO %s)', privilege_type, part, what, who,
        grantor::regrole, privilege_type, part, what, grantor::regrole, privilege_type, part, what, who)
      FROM things, aclexplode(acl), LATERAL (SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) x(who)
      WHERE grantor <> owner AND grantor::regrole::text !~ '^(rds|pg_)' ORDER BY 1")"
fi
if [[ $super == f ]] && ((source_version >= 15)); then
  check "rights to single settings, which the target's login may not give" \
    "$(sql source "SELECT format('%s of %s (REVOKE %s ON PARAMETER %I FROM %s)', parname, who, privilege_type, parname, who)
      FROM pg_parameter_acl, aclexplode(paracl), LATERAL (SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) x(who)
      WHERE grantee = 0 OR grantee IN (SELECT oid FROM ($(roles_query)) r WHERE NOT rolsuper AND rolname <> $(literal "${user[source]}")) ORDER BY 1")"
fi

# What changes how values are read or written reaches the sessions that replicate too.
check "settings with which replication would change values" \
  "$(sql source "SELECT format('%s of %s (ALTER %s RESET %I)', split_part(c, '=', 1), coalesce(rolname, 'the database'),
    coalesce('ROLE ' || quote_ident(rolname) || CASE WHEN setdatabase <> 0 THEN ' IN DATABASE ' || quote_ident(current_database()) ELSE '' END,
      'DATABASE ' || quote_ident(current_database())), split_part(c, '=', 1))
    FROM pg_db_role_setting LEFT JOIN pg_roles r ON r.oid = setrole, unnest(setconfig) c WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (setrole = 0 OR rolname IN ($(literal "${user[source]}"), $(literal "$acting"))) AND (c IN ('array_nulls=off', 'xmloption=document') OR c LIKE 'client_encoding=%') ORDER BY 1")"
money=$(sql source "SELECT format('%s.%I', attrelid::regclass, attname) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
  WHERE atttypid IN ('money'::regtype, 'money[]'::regtype) AND relkind IN ('r', 'p') AND NOT attisdropped")
monetary() { PGOPTIONS='' bulk "$1" <<<'SHOW lc_monetary;'; }
if [[ -n $money && $(monetary source) != "$(monetary target)" ]]; then
  check "columns of type money, which the target's lc_monetary reads differently (ALTER COLUMN ... TYPE numeric, or one lc_monetary on both sides)" "$money"
fi

# A target that refuses plain text, as RDS does, has to meet an application that speaks TLS already.
if ! may_fail=1 PGSSLMODE=disable PGCONNECT_TIMEOUT=5 bulk target <<<"SELECT 1;" >"$work/out" 2>&1; then
  check "the target takes TLS only, and these sessions of the application have none (sslmode=require in its connection string)" \
    "$(sql source "SELECT format('%s of %s', count(*), usename) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
      WHERE datname = current_database() AND backend_type = 'client backend' AND NOT ssl AND client_addr IS NOT NULL AND application_name <> 'scalectl'
      AND usename IN ($(literal "${user[source]}"), $(literal "${user[target]}"), $(literal "$acting")) GROUP BY usename")"
fi

extensions=$(sql source "SELECT extname FROM pg_extension ORDER BY 1")
known=$(sql target "SELECT name FROM pg_available_extensions ORDER BY 1")
check "extensions that the target does not have" "$(LC_ALL=C comm -23 <(LC_ALL=C sort <<<"$extensions") <(LC_ALL=C sort <<<"$known"))"

for side in source target; do
  check "the $side cannot replicate" "$(sql "$side" <<'SQL'
SELECT 'wal_level is ' || current_setting('wal_level') || ', not logical (takes a restart)'
  WHERE current_setting('wal_level') <> 'logical'
UNION ALL
SELECT format('%s of max_replication_slots = %s are free, not 4', setting::int - used, setting)
  FROM pg_settings, (SELECT count(*) used FROM pg_replication_slots WHERE slot_name !~ '^(scalectl_|pg_\d+_sync_)') u
  WHERE name = 'max_replication_slots' AND setting::int - used < 4
UNION ALL
SELECT format('%s of max_wal_senders = %s are free, not 4', setting::int - used, setting)
  FROM pg_settings, (SELECT count(*) used FROM pg_stat_replication WHERE application_name !~ '^(scalectl_|pg_\d+_sync_)') u
  WHERE name = 'max_wal_senders' AND setting::int - used < 4
UNION ALL
SELECT 'max_logical_replication_workers is ' || current_setting('max_logical_replication_workers') || ', not at least 3'
  WHERE current_setting('max_logical_replication_workers')::int < 3
UNION ALL
SELECT format('the login %I may neither replicate nor subscribe', session_user)
  WHERE NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = session_user AND (r.rolsuper
    OR EXISTS (SELECT FROM pg_roles g WHERE g.rolname = 'rds_superuser' AND pg_has_role(r.oid, g.oid, 'member'))));
SQL
)"
done

mark=$(mark_of target)
if [[ -z $mark ]]; then
  check "the target is not empty" "$(sql target "SELECT format('%I.%I (DROP TABLE %I.%I)', n.nspname, c.relname, n.nspname, c.relname) $tables ORDER BY 1 LIMIT 10")"
fi

count=$(sql source "SELECT count(*) $tables")
((count > 0)) || problems+=("the source has no table yet; start the application there, or deploy to the new stage with apply --direct")
bytes=$(sql source "SELECT pg_database_size(current_database())")
# The target's disk takes the data and, until it has caught up, the log of what happens meanwhile.
if [[ -n ${TARGET_BYTES:-} ]] && ((bytes + bytes / 2 > TARGET_BYTES)); then
  problems+=("the data take $bytes bytes; with room to catch up that is more than the target's $TARGET_BYTES")
fi

# trial: the whole schema on the target, in a transaction that is rolled back, with some rows where code of the user's
# decides whether the target takes them. Replication writes as this session does: with an empty search path, and without
# the triggers of the application.
trial() {
  local table columns list
  list=$(sql source "$deciding")
  {
    echo 'BEGIN;'
    schema_statements "$acting" || return 1
    echo "SET LOCAL search_path = '';"
    while IFS= read -r table; do
      [[ -n $table ]] || continue
      columns=$(sql source "SELECT coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attnum), '') FROM pg_attribute
        WHERE attrelid = $(literal "$table")::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
      printf -- '-- Name: %s; Type: rows of;\nCOPY %s (%s) FROM stdin;\n' "$table" "$table" "$columns"
      sql source "COPY (SELECT $columns FROM ONLY $table LIMIT 500) TO STDOUT" || return 1
      printf '%s\n' '\.'
    done <<<"$list"
    echo '-- Name: contents; Type: materialized views;'
    populated_views source | sed 's/.*/REFRESH MATERIALIZED VIEW &;/'
    printf '%s objects begin\n' '\echo'
    objects_query
    echo 'ROLLBACK;'
  } >"$work/trial.sql"
  run_schema "$work/trial.sql" || return 1
  sed '1,/^objects begin$/d' "$work/schema.out" | LC_ALL=C sort -u >"$work/objects.target"
  objects source | LC_ALL=C sort -u >"$work/objects.source"
}
# Tables where functions of the user's, or domains with a condition, look at each row.
deciding="SELECT DISTINCT c.oid::regclass::text $leaves AND (
  EXISTS (SELECT FROM pg_depend d JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid WHERE k.conrelid = c.oid AND contype = 'c'
    AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384)
  OR EXISTS (SELECT FROM pg_depend d JOIN pg_index i ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid WHERE i.indrelid = c.oid
    AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384)
  OR EXISTS (SELECT FROM pg_depend d JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
    WHERE f.adrelid = c.oid AND a.attgenerated <> '' AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid >= 16384)
  OR EXISTS (SELECT FROM pg_attribute a JOIN pg_constraint k ON k.contypid = a.atttypid WHERE a.attrelid = c.oid AND NOT attisdropped)) ORDER BY 1"
if ((${#problems[@]} == 0)) && [[ -z $mark ]]; then
  if trial; then
    check "the target would not have these as the source has them" "$(compare_objects "$work/objects.source" "$work/objects.target")"
  else
    problems+=("the target does not take the schema; what failed is above")
  fi
fi

sequences=$(sql source "SELECT count(*) FROM pg_sequences")
if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do say "error: $problem"; done
  printf '{"ok":false,"problems":%d}\n' "${#problems[@]}"
  exit 1
fi
printf '{"ok":true,"version":%d,"tables":%d,"sequences":%d,"bytes":%d}\n' "$source_version" "$count" "$sequences" "$bytes"

# PostgreSQL: sessions, publications and subscriptions.
#
# A subscription is called after its direction: scalectl_forward is the target's to the source, scalectl_reverse the
# source's to the target. Its slot has the same name.
export PGPASSFILE=$work/pgpass PGAPPNAME=scalectl PGCONNECT_TIMEOUT=10
# The actions write on a fenced side too, act as the login itself and not as the role that it takes on, and are not ended
# by time limits that are meant for the application. Both sides have to spell values alike, without losing a bit, and
# rows that a policy hides are an error and not missing.
options=''
for setting in client_min_messages=warning default_transaction_read_only=off role=none search_path=pg_catalog row_security=off \
  statement_timeout=0 lock_timeout=0 idle_in_transaction_session_timeout=0 idle_session_timeout=0 standard_conforming_strings=on \
  client_encoding=UTF8 quote_all_identifiers=off array_nulls=on default_transaction_isolation='read\ committed' \
  default_transaction_deferrable=off timezone=UTC datestyle=ISO intervalstyle=postgres bytea_output=hex jit=off \
  extra_float_digits=1 lc_monetary=C xmlbinary=base64 xmloption=content; do
  options+="-c $setting "
done
export PGOPTIONS=$options
for side in source target; do
  for word in "${host[$side]}" "${port[$side]}" '*' "${user[$side]}" "${password[$side]}"; do
    word=${word//\\/\\\\}
    printf '%s:' "${word//:/\\:}"
  done | sed 's/:$/\n/'
done >"$PGPASSFILE"

# A PostgreSQL literal and a name.
literal() { printf "'%s'" "${1//\'/\'\'}"; }
name() { printf '"%s"' "${1//\"/\"\"}"; }

# The application's event triggers are not for what the actions do: in this mode those that fire on the source alone stay
# silent. RDS lets its master user set it.
begin_session="DO \$\$ DECLARE setting text[]; BEGIN
  FOREACH setting SLICE 1 IN ARRAY ARRAY[['session_replication_role', 'replica'], ['transaction_timeout', '0']] LOOP
    BEGIN
      PERFORM set_config(setting[1], setting[2], false);
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
    END;
  END LOOP;
END \$\$"
# Messages are terse, because what they would quote may be a password.
session() {
  client psql -h "${host[$1]}" -p "${port[$1]}" -U "${user[$1]}" -d "$DATABASE" -w \
    -X -q -A -t -F $'\t' -v ON_ERROR_STOP=1 -v VERBOSITY=terse -c "$begin_session" -f -
}

connect source
connect target

subscription() { if [[ $1 == source ]]; then echo scalectl_forward; else echo scalectl_reverse; fi; }

# The application's own tables: not those of extensions, and of a partitioned one the whole.
tables="FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'scalectl')
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"

# The schema scalectl says what a side is in the migration: target, or retired.
mark_of() { sql "$1" "SELECT coalesce(obj_description(to_regnamespace('scalectl')::oid, 'pg_namespace'), '')"; }
mark() { sql "$1" "CREATE SCHEMA IF NOT EXISTS scalectl; COMMENT ON SCHEMA scalectl IS $(literal "$2")"; }
unmark() { sql "$1" "DROP SCHEMA IF EXISTS scalectl"; }

# No answer is not "no": it ends the action.
has_subscription() {
  local found
  found=$(sql "$(other "$1")" "SELECT count(*) FROM pg_subscription WHERE subname = '$(subscription "$1")'") || exit 1
  [[ $found == 1 ]]
}

# Whether a side's own login may do everything.
is_super() {
  local found
  found=$(sql "$1" "SELECT rolsuper FROM pg_roles WHERE rolname = session_user") || exit 1
  [[ $found == t ]]
}
version() { sql "$1" "SELECT current_setting('server_version_num')::int / 10000"; }

# acting_role SIDE LOGIN: the role that a login takes on in this database, from its settings; mostly itself.
acting_role() {
  sql "$1" "SELECT coalesce((SELECT nullif(substr(c, 6), 'none') FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(setconfig) c
    WHERE rolname = $(literal "$2") AND c LIKE 'role=%' AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY setdatabase DESC LIMIT 1), $(literal "$2"))"
}

# acting: the role that the application acts as, whichever login it has. While the target has the schema scalectl, it owns it.
acting() {
  if [[ -z ${ACTING:-} ]]; then
    ACTING=$(sql target "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'scalectl' AND obj_description(oid, 'pg_namespace') = 'target'") || exit 1
    [[ -n $ACTING ]] || ACTING=$(acting_role source "${user[source]}") || exit 1
  fi
  printf '%s\n' "$ACTING"
}
# take_role SIDE ROLE: what the side's own login acts as. Workers of its subscriptions would do so too, and could not write
# what the role may not; so it acts as itself while its side follows.
take_role() {
  if [[ $2 == "${user[$1]}" ]]; then
    sql "$1" "ALTER ROLE $(name "${user[$1]}") IN DATABASE $(name "$DATABASE") RESET role"
  else
    sql "$1" "ALTER ROLE $(name "${user[$1]}") IN DATABASE $(name "$DATABASE") SET role TO $(literal "$2")"
  fi
}

# follower_of FROM: lets the other side read FROM, and leaves in follower and follower_password the login for it. It is one
# of its own, because settings of the application's login, as a time limit, would end the copy. A login without superuser
# rights that owns tables itself can lend these to nobody from PostgreSQL 16 on; there it is the login.
follower_of() {
  local from=$1 statement
  follower=scalectl_follower follower_password=$(od -An -tx1 -N20 /dev/urandom | tr -d ' \n')
  if ! is_super "$from" && [[ $(sql "$from" "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND n.nspname <> 'scalectl' AND pg_get_userbyid(relowner) = session_user") != 0 ]]; then
    follower=${user[$from]} follower_password=${password[$from]}
    return
  fi
  sql "$from" <<SQL
SELECT 'CREATE ROLE scalectl_follower' WHERE to_regrole('scalectl_follower') IS NULL \gexec
ALTER ROLE scalectl_follower LOGIN PASSWORD $(literal "$follower_password");
ALTER ROLE scalectl_follower SET row_security = off;
SELECT CASE WHEN rolsuper THEN 'ALTER ROLE scalectl_follower REPLICATION BYPASSRLS' WHEN rolreplication THEN 'ALTER ROLE scalectl_follower REPLICATION'
  ELSE 'GRANT rds_replication TO scalectl_follower' END FROM pg_roles WHERE rolname = session_user \gexec
SELECT 'GRANT pg_read_all_data TO scalectl_follower' FROM pg_roles WHERE rolname = session_user AND rolsuper \gexec
SELECT DISTINCT format('GRANT %s TO scalectl_follower', relowner::regrole) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'scalectl') AND pg_has_role(relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND rolsuper) AND relowner::regrole::text !~ '^rds' \gexec
SQL
  # Time limits of the database are the application's too.
  for statement in statement_timeout idle_in_transaction_session_timeout idle_session_timeout lock_timeout; do
    sql "$from" "ALTER ROLE scalectl_follower IN DATABASE $(name "$DATABASE") SET $statement = 0"
  done
  if (($(version "$from") >= 17)); then
    sql "$from" "ALTER ROLE scalectl_follower IN DATABASE $(name "$DATABASE") SET transaction_timeout = 0"
  fi
}

# publish FROM: its tables, and a login that may read them.
publish() {
  local from=$1 list
  list=$(sql "$from" "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY 1) $tables")
  [[ -n $list ]] || refuse "there is no table to replicate"
  sql "$from" <<SQL
DROP PUBLICATION IF EXISTS scalectl;
CREATE PUBLICATION scalectl FOR TABLE $list WITH (publish_via_partition_root = true);
SQL
  follower_of "$from"
  published=$from
}

# subscribe FROM COPY: the other side follows FROM from now on.
subscribe() {
  local from=$1 copy=$2 to name options=''
  to=$(other "$from") name=$(subscription "$from")
  has_subscription "$from" && return
  # A run that was killed may have left the slot without its subscription.
  drop_slot "$from"
  [[ ${published:-} == "$from" ]] || publish "$from"
  take_role "$to" none
  # Who may do everything writes as itself, also where a table's owner has given up rights.
  if (($(version "$to") >= 16)) && is_super "$to"; then options=', run_as_owner = true'; fi
  local word=${follower_password//\\/\\\\}
  sql "$to" <<SQL
CREATE SUBSCRIPTION $name
  CONNECTION $(literal "host='${host[$from]}' port='${port[$from]}' dbname='${DATABASE//\'/\\\'}' user='$follower' password='${word//\'/\\\'}'")
  PUBLICATION scalectl WITH (copy_data = $copy$options)
SQL
}

# unsubscribe FROM: the other side follows FROM no more.
unsubscribe() {
  local from=$1 to name
  to=$(other "$from") name=$(subscription "$from")
  if has_subscription "$from"; then
    sql "$to" "ALTER SUBSCRIPTION $name DISABLE"
    # The plain way drops all slots; when FROM does not answer, the subscription goes alone.
    may_fail=1 sql "$to" "DROP SUBSCRIPTION $name" || sql "$to" <<SQL
ALTER SUBSCRIPTION $name SET (slot_name = NONE);
DROP SUBSCRIPTION $name;
SQL
  fi
  drop_slot "$from"
}

# unfollow SIDE: it applies no further change of the other side, without asking that.
unfollow() {
  sql "$1" "SELECT format('ALTER SUBSCRIPTION %I DISABLE', subname) FROM pg_subscription WHERE subname = '$(subscription "$(other "$1")")' \gexec"
}

# A slot nobody reads keeps WAL until the disk is full.
drop_slot() {
  sql "$1" <<SQL
DO \$\$
BEGIN
  FOR n IN 1..500 LOOP
    PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots
      WHERE slot_name = '$(subscription "$1")' AND active_pid IS NOT NULL;
    BEGIN
      PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '$(subscription "$1")';
      RETURN;
    EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.02);
    END;
  END LOOP;
  RAISE EXCEPTION 'the replication slot $(subscription "$1") stays in use';
END \$\$;
SQL
}

# takes_writes SIDE: its disk has room for a megabyte, in a table that ends with the transaction.
takes_writes() {
  sql "$1" <<'SQL'
DO $$ BEGIN
  CREATE TEMP TABLE scalectl_room ON COMMIT DROP AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 1000);
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;
SQL
}

position() { sql "$1" "SELECT pg_current_wal_lsn()"; }

# caught_up FROM POSITION SECONDS: waits until the other side has all up to there, on disk. It writes to disk when it
# likes; a commit of our own has it do so now.
caught_up() {
  local until=$((SECONDS + $3))
  until has_reached "$1" "$2"; do
    ((SECONDS <= until)) || refuse "the $(other "$1") is still behind after $3 seconds$(because "$1")"
    sql "$(other "$1")" "SELECT pg_logical_emit_message(true, 'scalectl', '')" >"$work/out"
    sleep 0.01
  done
}

# Whether every table's first copy is done.
is_synced() {
  local found
  found=$(sql "$(other "$1")" "SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel r
    JOIN pg_subscription s ON s.oid = r.srsubid WHERE s.subname = '$(subscription "$1")'") || exit 1
  [[ $found == t ]]
}

has_reached() {
  local found
  found=$(sql "$1" "SELECT confirmed_flush_lsn >= '$2' FROM pg_replication_slots WHERE slot_name = '$(subscription "$1")'") || exit 1
  [[ $found == t ]]
}

lag_bytes() {
  sql "$1" "SELECT greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn), 0) FROM pg_replication_slots
    WHERE slot_name = '$(subscription "$1")'"
}
# Nothing is known of a follower that is not connected.
lag_seconds() {
  sql "$1" "SELECT coalesce((SELECT round(max(coalesce(extract(epoch FROM replay_lag), 0))::numeric, 3)::text FROM pg_stat_replication
    WHERE application_name = '$(subscription "$1")'), 'null')"
}

# why_behind FROM: why the other side does not follow; nothing where it does. A follower that fails starts again every
# five seconds, so errors that grow while its place stays are a reason, and those that stay are history. The message
# itself is only in the server's log.
why_behind() {
  local from=$1 to before now open until=$((SECONDS + ${WHY_SECONDS:-13}))
  to=$(other "$from")
  before=$(errors_of "$from") || exit 1
  while ((SECONDS < until)); do
    [[ $(sql "$from" "SELECT count(*) FROM pg_stat_replication WHERE application_name = '$(subscription "$from")' AND state = 'streaming'") == 0 ||
      -n $(unsynced "$from") ]] || return 0
    now=$(errors_of "$from") || exit 1
    [[ ${now#*$'\t'} == "${before#*$'\t'}" ]] || before=$now
    if ((${now%%$'\t'*} > ${before%%$'\t'*})); then
      printf 'the %s fails again and again (%s times so far)' "$to" "${now%%$'\t'*}"
      open=$(unsynced "$from")
      [[ -z $open ]] || printf '; not copied: %s' "$(some "$open")"
      printf '; what differs: %s; the log of the %s has the error' "$(some "$(may_fail=1 differing_objects || true)")" "$to"
      return
    fi
    sleep 0.5
  done
}
# errors_of FROM: how often the other side failed, and up to where it has everything.
errors_of() {
  local errors place
  errors=$(sql "$(other "$1")" "SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats WHERE subname = '$(subscription "$1")'") || exit 1
  place=$(sql "$1" "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '$(subscription "$1")'") || exit 1
  printf '%s\t%s\n' "${errors:-0}" "$place"
}
unsynced() {
  sql "$(other "$1")" "SELECT srrelid::regclass FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid
    WHERE s.subname = '$(subscription "$1")' AND srsubstate <> 'r' ORDER BY 1"
}
because() {
  local why
  why=$(may_fail=1 WHY_SECONDS=${WHY_SECONDS:-7} why_behind "$1") || return 0
  [[ -z $why ]] || printf ': %s' "$why"
}

# unreplicated FROM: tables that the other side does not get, because they are younger than the copy.
unreplicated() {
  sql "$1" "SELECT format('table %I.%I', n.nspname, c.relname) $tables AND NOT EXISTS (SELECT FROM pg_publication_rel r
    JOIN pg_publication p ON p.oid = prpubid WHERE prrelid = c.oid AND pubname = 'scalectl') ORDER BY 1"
}

# blockers FROM: what forbids a switch now. What is prepared for a commit in two phases could be committed on neither side.
blockers() {
  sql "$1" "SELECT format('a prepared transaction of %s (COMMIT PREPARED %L or ROLLBACK PREPARED %L ends it)', owner, gid, gid)
    FROM pg_prepared_xacts WHERE database = current_database() ORDER BY 1"
}

# things: a table of what rights can be given to, for a query that begins with WITH.
things() {
  local others="!~ '^(pg_|rds|scalectl)'"
  cat <<SQL
spaces AS MATERIALIZED (SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname $others AND nspname <> 'information_schema'),
things(what, acl, owner, part) AS (
  SELECT 'DATABASE ' || quote_ident(datname), coalesce(datacl, acldefault('d', datdba)), datdba, '' FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT 'SCHEMA ' || quote_ident(nspname), coalesce(nspacl, acldefault('n', nspowner)), nspowner, '' FROM spaces
  UNION ALL SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || format('%I.%I', nspname, relname),
    coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)), relowner, ''
    FROM pg_class c JOIN spaces s ON s.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL SELECT 'TABLE ' || format('%I.%I', nspname, relname), attacl, relowner, format(' (%I)', attname)
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN spaces s ON s.oid = relnamespace WHERE attacl IS NOT NULL AND NOT attisdropped
  UNION ALL SELECT 'ROUTINE ' || p.oid::regprocedure, coalesce(proacl, acldefault('f', proowner)), proowner, '' FROM pg_proc p JOIN spaces s ON s.oid = pronamespace
  UNION ALL SELECT 'TYPE ' || t.oid::regtype, coalesce(typacl, acldefault('T', typowner)), typowner, '' FROM pg_type t JOIN spaces s ON s.oid = typnamespace
    WHERE typtype IN ('b', 'd', 'e', 'r') AND typelem = 0)
SQL
}
# rights_of SIDE VERSION: who may do what, a line each: the statement that gives it, and the one that takes it, for a server of
# this version, between unit separators.
rights_of() {
  local others="!~ '^(pg_|rds|scalectl)'"
  sql "$1" <<SQL
WITH logins(name) AS (VALUES ($(literal "${user[source]}")), ($(literal "${user[target]}"))),
people AS MATERIALIZED (SELECT oid, rolname FROM pg_roles WHERE rolname $others AND rolname NOT IN (SELECT name FROM logins) AND NOT rolsuper),
$(things)
SELECT format(E'GRANT %s%s ON %s TO %s%s\x1fREVOKE %1\$s%2\$s ON %3\$s FROM %4\$s', privilege_type, part, what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(p.rolname) END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
  FROM things, aclexplode(acl) LEFT JOIN people p ON p.oid = grantee WHERE (grantee = 0 OR p.oid IS NOT NULL) AND grantee <> owner AND privilege_type <> 'MAINTAIN'
UNION ALL SELECT format(E'GRANT %I TO %I%s\x1fREVOKE %1\$I FROM %2\$I', g.rolname, m.rolname, $(with_options "$2"))
  FROM pg_auth_members a JOIN people m ON m.oid = member JOIN people g ON g.oid = roleid
UNION ALL SELECT format(E'ALTER %s SET %I TO %s\x1fALTER %1\$s RESET %2\$I', CASE setrole WHEN 0 THEN format('DATABASE %I', current_database())
      ELSE format('ROLE %I%s', p.rolname, CASE WHEN setdatabase <> 0 THEN format(' IN DATABASE %I', current_database()) END) END, split_part(c, '=', 1),
    CASE WHEN split_part(c, '=', 1) IN ('search_path', 'session_preload_libraries', 'local_preload_libraries', 'temp_tablespaces') THEN substr(c, strpos(c, '=') + 1)
      ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END)
  FROM pg_db_role_setting s LEFT JOIN people p ON p.oid = setrole, unnest(setconfig) c
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) AND (setrole = 0 OR p.oid IS NOT NULL) AND $(in_force)
  AND c NOT LIKE 'default_transaction_read_only=%'
UNION ALL SELECT format(E'ALTER ROLE %I %s %s CONNECTION LIMIT %s%s\x1f%s', r.rolname, CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
    CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END, rolconnlimit, CASE WHEN rolvaliduntil IS NOT NULL THEN format(' VALID UNTIL %L', rolvaliduntil) END,
    CASE WHEN rolvaliduntil IS NOT NULL THEN format('ALTER ROLE %I VALID UNTIL %L', r.rolname, 'infinity') END) FROM pg_roles r JOIN people USING (oid);
SQL
}
# carry_rights FROM: what was changed about roles, rights and settings at FROM since the copy is made on the other side too.
# Passwords are carried where they can be read.
carry_rights() {
  local from=$1 to role list number
  to=$(other "$1")
  number=$(version "$to")
  rights_of "$from" "$number" | LC_ALL=C sort -u >"$work/rights.from"
  rights_of "$to" "$number" | LC_ALL=C sort -u >"$work/rights.to"
  {
    if [[ $(sql "$from" "SELECT has_table_privilege('pg_authid', 'SELECT')") == t ]]; then
      sql "$from" "SELECT format('ALTER ROLE %I PASSWORD %L', rolname, rolpassword) FROM pg_authid WHERE rolcanlogin AND NOT rolsuper AND rolpassword IS NOT NULL
        AND rolname !~ '^(pg_|rds|scalectl)' AND rolname NOT IN ($(literal "${user[source]}"), $(literal "${user[target]}"))"
    fi
  } >"$work/passwords"
  # Roles first, as the others name them.
  sed -n "s/^ALTER ROLE \(.*\) \(LOGIN\|NOLOGIN\) \(INHERIT\|NOINHERIT\) CONNECTION LIMIT .*/\1/p" "$work/rights.from" | while IFS= read -r role; do
    printf "SELECT %s WHERE to_regrole(%s) IS NULL \\\\gexec\n" "$(literal "CREATE ROLE $role")" "$(literal "$role")"
  done >"$work/carry.sql"
  {
    LC_ALL=C comm -13 "$work/rights.from" "$work/rights.to" | cut -d "$US" -f 2
    LC_ALL=C comm -23 "$work/rights.from" "$work/rights.to" | cut -d "$US" -f 1
    cat "$work/passwords"
  } | sed '/^$/d; s/$/;/' >>"$work/carry.sql"
  bulk "$to" <"$work/carry.sql" >"$work/out"
  [[ ! -s $work/passwords ]] || return 0
  [[ $(sql "$to" "SELECT has_table_privilege('pg_shadow', 'SELECT')") == t ]] || return 0
  list=$(sql "$to" "SELECT format('%I', usename) FROM pg_shadow WHERE passwd IS NULL AND usename !~ '^(pg_|rds|scalectl)' ORDER BY 1")
  [[ -z $list ]] || say "warning: passwords cannot be read on the $from, so these logins have none on the $to (ALTER ROLE ... PASSWORD): $(some "$list")"
}
# The application keeps its login through a switch, with the password that it has now.
carry_login() {
  local from=$1
  [[ ${user[source]} == "${user[target]}" ]] || role_of_login "$(other "$from")" "${user[$from]}" "${password[$from]}" | sql "$(other "$from")"
}

# prepare_switch FROM: what takes time, on the other side while writes go on: contents of materialized views, in the order
# in which they build on each other, statistics, and its own publication.
prepare_switch() {
  local from=$1 to view list
  to=$(other "$1")
  ACTING=$(acting)
  # Back from the new side: what was granted there since is not lost with it.
  if [[ $from == target ]]; then carry_rights "$from"; fi
  carry_login "$from"
  # Read to its end first: two at one session would take each other's answers.
  list=$(populated_views "$from")
  while IFS= read -r view; do
    [[ -z $view ]] || may_fail=1 sql "$to" "REFRESH MATERIALIZED VIEW $view" || refuse "the materialized view $view cannot be refreshed on the $to"
  done <<<"$list"
  may_fail=1 sql "$to" <<'SQL' || say "statistics were not taken; autovacuum will do it"
SELECT format('ANALYZE %I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'scalectl')
  AND (c.reltuples < 0 OR NOT EXISTS (SELECT FROM pg_statistic WHERE starelid = c.oid)) AND pg_has_role(c.relowner, 'USAGE') \gexec
SQL
  copy_extension_rows "$from"
  publish "$to"
}
populated_views() {
  sql "$1" "WITH RECURSIVE views AS (SELECT c.oid, relkind, relispopulated FROM pg_class c WHERE relkind IN ('v', 'm')),
    uses AS (SELECT DISTINCT ev_class AS one, refobjid AS other FROM pg_rewrite JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = pg_rewrite.oid
      WHERE refclassid = 'pg_class'::regclass AND refobjid <> ev_class AND refobjid IN (SELECT oid FROM views)),
    depth(one, n) AS (SELECT oid, 0 FROM views UNION SELECT uses.one, n + 1 FROM depth JOIN uses ON uses.other = depth.one WHERE n < 100)
    SELECT one::regclass FROM depth JOIN views ON oid = one WHERE relkind = 'm' AND relispopulated GROUP BY one ORDER BY max(n), 1"
}

# Rows of extensions' own tables that are the user's (pg_extension_config_dump), as jobs of a scheduler: no publication has
# them, as CREATE EXTENSION fills the same tables. Few, and replaced whole where they differ.
extension_tables() {
  sql "$1" "SELECT x.oid::regclass || E'\x1f' || coalesce(c, '') FROM (SELECT unnest(extconfig) AS oid, unnest(extcondition) AS c FROM pg_extension) x
    JOIN pg_class USING (oid) WHERE relkind IN ('r', 'p') ORDER BY 1"
}
copy_extension_rows() {
  local from=$1 to table condition columns list
  to=$(other "$1")
  list=$(extension_tables "$from")
  while IFS=$US read -r table condition; do
    [[ -n $table ]] || continue
    columns=$(sql "$from" "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
      WHERE attrelid = $(literal "$table")::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
    [[ $(extension_rows "$from" "$table" "$condition") != "$(extension_rows "$to" "$table" "$condition")" ]] || continue
    {
      printf 'BEGIN; DELETE FROM %s x %s;\nCOPY %s (%s) FROM stdin;\n' "$table" "$condition" "$table" "$columns"
      sql "$from" "COPY (SELECT $columns FROM $table x $condition) TO STDOUT"
      printf '%s\nCOMMIT;\n' '\.'
    } | sql "$to" >"$work/out"
  done <<<"$list"
}
extension_rows() { sql "$1" "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY x::text)) FROM (SELECT * FROM $2 $3) x"; }

# No writer that the proxy does not know either; soft, so that replication may still write.
fence() { sql "$1" "ALTER DATABASE $(name "$DATABASE") SET default_transaction_read_only = on"; }
unfence() { sql "$1" "ALTER DATABASE $(name "$DATABASE") RESET default_transaction_read_only"; }
# settle_side SIDE: the application writes there.
settle_side() {
  local role
  role=$(acting)
  take_role "$1" "$role"
  unfence "$1"
}

# Ends sessions as they become idle, so that nothing in flight is lost; what is busy for too long is ended too. Sessions of
# superusers, as RDS's own, are nobody else's to end.
drain() {
  sql "$1" >"$work/out" <<SQL
DO \$\$
DECLARE
  patience timestamptz := clock_timestamp() + interval '${DRAIN_SECONDS:-2} seconds';
  mine bool := (SELECT rolsuper FROM pg_roles WHERE rolname = session_user);
BEGIN
  FOR n IN 1..2000 LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_roles r ON r.oid = usesysid
      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'scalectl'
        AND (state = 'idle' OR clock_timestamp() > patience) AND (mine OR NOT rolsuper);
    PERFORM pg_stat_clear_snapshot();
    IF NOT EXISTS (SELECT FROM pg_stat_activity JOIN pg_roles r ON r.oid = usesysid
      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'scalectl' AND (mine OR NOT rolsuper)) THEN
      RETURN;
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RAISE EXCEPTION 'sessions of the application do not end';
END \$\$;
SQL
}

# Where each sequence is: what it gave last, and whether it did. The function knows no value before the first, and after
# setval(..., false); such sequences are read one by one.
sequences() {
  local all="FROM (SELECT c.oid, pg_sequence_last_value(c.oid) AS last FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE relkind = 'S' AND relpersistence <> 't' AND nspname !~ '^pg_' AND nspname <> 'scalectl') s"
  sql "$1" <<SQL
SELECT format('(%L, %s, %L)', oid::regclass, last, true) $all WHERE last IS NOT NULL ORDER BY oid::regclass::text COLLATE "C";
SELECT string_agg(format('SELECT format(%L, last_value, is_called) FROM %s', format('(%L, %%s, %%L)', oid::regclass), oid::regclass), ' UNION ALL '
  ORDER BY oid::regclass::text COLLATE "C") $all WHERE last IS NULL \gexec
SQL
}
has_sequences() {
  local theirs ours
  sequences "$(other "$1")" >"$work/sequences.theirs" &
  theirs=$!
  ours=$(sequences "$1") || exit 1
  wait "$theirs" || exit 1
  [[ $ours == "$(<"$work/sequences.theirs")" ]]
}
copy_sequences() {
  local list
  list=$(sequences "$1") || exit 1
  [[ -z $list ]] || sql "$(other "$1")" "SELECT count(setval(s::regclass, v, c::bool)) FROM (VALUES $(paste -sd, - <<<"$list")) x(s, v, c)" >"$work/out"
}

empty_tables() {
  local list
  list=$(sql "$1" "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') $tables")
  [[ -z $list ]] || sql "$1" "TRUNCATE $list"
}

# What is only there for replication.
tidy() {
  sql "$1" <<'SQL'
DROP PUBLICATION IF EXISTS scalectl;
SELECT CASE WHEN NOT rolsuper THEN format('GRANT scalectl_follower TO %I', rolname) END, 'DROP OWNED BY scalectl_follower', 'DROP ROLE scalectl_follower'
  FROM pg_roles WHERE rolname = session_user AND to_regrole('scalectl_follower') IS NOT NULL \gexec
SQL
}

dump() {
  client pg_dump -h "${host[$1]}" -p "${port[$1]}" -U "${user[$1]}" -d "$DATABASE" -w -Fc
}

# Each table with the expressions of its key and of a whole row. Every column is named by way of an alias, which no column
# can take the place of.
list() {
  sql "$1" "SELECT format('%I.%I', n.nspname, c.relname) || E'\x1f' || coalesce(
    (SELECT 'ROW(' || string_agg(format('x.%I', a.attname), ',' ORDER BY a.attnum) || ')::text' FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary), columns) || E'\x1f' || columns
    FROM (SELECT c.oid, 'ROW(' || coalesce(string_agg(format('x.%I', a.attname), ',' ORDER BY a.attname COLLATE \"C\") FILTER (WHERE a.attname IS NOT NULL), '') || ')::text' AS columns
      FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1) whole
    JOIN (SELECT c.oid AS table_oid $tables) known ON table_oid = whole.oid JOIN pg_class c ON c.oid = table_oid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1"
}
bucket() { echo "(('x' || substr(md5($1), 1, 8))::bit(32)::int & 255)"; }

# sums NUMBER TABLE KEY ROW: the statement that sums up each bucket of keys. What inherits from a table is a table itself.
sums() {
  echo "SELECT $1, $(bucket "$3"), count(*), sum(('x' || substr(md5($4), 1, 15))::bit(60)::bigint) FROM $2 x GROUP BY 2 ORDER BY 2;"
}

# rows SIDE TABLE KEY ROW BUCKETS: every row's key and content, as digests.
rows() { bulk "$1" <<<"SELECT md5($3), md5($4) FROM $2 x WHERE $(bucket "$3") IN ($5);"; }

# Which sequences would give out what their column has already. Only where the column takes the sequence's numbers as they are.
behind_column() {
  sql "$1" <<'SQL'
SELECT format('SELECT %L WHERE (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM %s) < (SELECT coalesce(max(%I), 0) FROM %s)',
    s.oid::regclass, s.oid::regclass, a.attname, d.refobjid::regclass)
  FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0 AND NOT q.seqcycle
  LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
  WHERE s.relkind = 'S' AND (a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) = format('nextval(%L::regclass)', s.oid::regclass)) \gexec
SQL
}

# objects SIDE: everything that makes up the database but rows and positions of sequences, a line each, `KIND NAME: DIGEST`,
# from the catalogs. What PostgreSQL's versions spell differently is brought to one form: views name their only table's
# columns without it from 16 on, 17 has a privilege more, 18 keeps NOT NULL as constraints.
# Replication's own objects, the logins' own grants and what extensions bring are left out.
objects_query() {
  cat <<SQL
WITH extension_parts AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
spaces AS MATERIALIZED (SELECT oid, nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'scalectl')
  AND NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid)),
relations AS MATERIALIZED (SELECT c.*, format('%I.%I', nspname, relname) AS name,
    CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
      WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' END AS word
  FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  AND NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
    OR relkind = 'c' AND e.classid = 'pg_type'::regclass AND e.objid = c.reltype)),
members AS MATERIALIZED (SELECT roleid::regrole::text AS role, member::regrole::text AS member, bool_or(admin_option) AS admin_option,
    bool_or(coalesce((to_jsonb(m) ->> 'inherit_option')::bool, rolinherit)) AS inherits, bool_or(coalesce((to_jsonb(m) ->> 'set_option')::bool, true)) AS sets
  FROM pg_auth_members m JOIN pg_roles r ON r.oid = member
  WHERE roleid::regrole::text !~ '^"?(rds|pg_)' AND member::regrole::text !~ '^"?(rds|pg_)' GROUP BY 1, 2),
logins(name) AS (VALUES ($(literal "${user[source]}")), ($(literal "${user[target]}")), ('scalectl_follower')),
facts(what, fact) AS (
  SELECT 'schema ' || quote_ident(n.nspname), jsonb_build_array(nspowner::regrole, $(acl_of nspacl n nspowner))
    FROM pg_namespace n JOIN spaces USING (oid)
  UNION ALL SELECT 'extension ' || quote_ident(extname), jsonb_build_array(extnamespace::regnamespace) FROM pg_extension
  UNION ALL SELECT word || ' ' || name, jsonb_build_array(relkind, relowner::regrole, relpersistence, relreplident, relrowsecurity, relforcerowsecurity,
      $(sorted c.reloptions), (SELECT $(sorted t.reloptions) FROM pg_class t WHERE t.oid = c.reltoastrelid), reloftype::regtype, $(plain 'pg_get_expr(relpartbound, c.oid)'),
      CASE relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END, (SELECT amname FROM pg_am WHERE pg_am.oid = relam),
      CASE WHEN relkind IN ('v', 'm') THEN $(plain 'pg_get_viewdef(c.oid)' unqualified) END,
      (SELECT jsonb_agg(inhparent::regclass ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid),
      (SELECT jsonb_build_array(srvname, $(sorted ftoptions)) FROM pg_foreign_table JOIN pg_foreign_server f ON f.oid = ftserver WHERE ftrelid = c.oid))
      || jsonb_build_array(CASE relkind WHEN 'c' THEN null WHEN 'S' THEN $(acl_of relacl s relowner) ELSE $(acl_of relacl r relowner) END)
    FROM relations c
  UNION ALL SELECT CASE c.relkind WHEN 'c' THEN 'attribute ' ELSE 'column ' END || c.name || '.' || quote_ident(a.attname),
      jsonb_build_array(row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull,
      $(plain 'pg_get_expr(d.adbin, d.adrelid)'), a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage, a.attcompression,
      nullif(a.attstattarget, -1), $(sorted a.attoptions), $(sorted a.attfdwoptions), a.attislocal, a.attinhcount, $(acl_of attacl c c.relowner a))
    FROM pg_attribute a JOIN relations c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'S'
  UNION ALL SELECT 'index ' || format('%I.%I', nspname, i.relname), jsonb_build_array($(plain 'pg_get_indexdef(i.oid)'), indisclustered, indisreplident, indisvalid,
      (SELECT jsonb_agg(jsonb_build_array(attnum, attstattarget) ORDER BY attnum) FROM pg_attribute WHERE attrelid = i.oid AND attstattarget >= 0))
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN relations c ON c.oid = x.indrelid JOIN spaces s ON s.oid = i.relnamespace
    WHERE indisvalid OR i.relkind = 'I'
  UNION ALL SELECT format('constraint %I of %s', conname, coalesce(c.name, contypid::regtype::text)), jsonb_build_array($(plain 'pg_get_constraintdef(k.oid)'), convalidated, conislocal)
    FROM pg_constraint k LEFT JOIN relations c ON c.oid = conrelid
    WHERE contype NOT IN ('n', 't') AND NOT (contype = 'f' AND conparentid <> 0)
    AND (c.oid IS NOT NULL OR contypid IN (SELECT oid FROM pg_type WHERE typnamespace IN (SELECT oid FROM spaces)))
  UNION ALL SELECT format('trigger %I of %s', tgname, name), jsonb_build_array($(plain 'pg_get_triggerdef(t.oid)'), tgenabled)
    FROM pg_trigger t JOIN relations c ON c.oid = tgrelid WHERE NOT tgisinternal
  UNION ALL SELECT format('rule %I of %s', rulename, name), jsonb_build_array($(plain 'pg_get_ruledef(r.oid)' unqualified), ev_enabled)
    FROM pg_rewrite r JOIN relations c ON c.oid = ev_class WHERE rulename <> '_RETURN'
  UNION ALL SELECT format('policy %I of %s', polname, name), jsonb_build_array(polcmd, polpermissive, $(plain 'pg_get_expr(polqual, polrelid)'), $(plain 'pg_get_expr(polwithcheck, polrelid)'),
      (SELECT jsonb_agg(CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r) END ORDER BY 1) FROM unnest(polroles) r))
    FROM pg_policy JOIN relations c ON c.oid = polrelid
  UNION ALL SELECT CASE prokind WHEN 'a' THEN 'aggregate ' WHEN 'p' THEN 'procedure ' ELSE 'function ' END || p.oid::regprocedure,
      jsonb_build_array(proowner::regrole, $(acl_of proacl f proowner), CASE WHEN prokind = 'a' THEN
        (SELECT jsonb_build_array(aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggmtransfn, aggtranstype::regtype, agginitval, aggkind, aggsortop::regoperator)
          FROM pg_aggregate WHERE aggfnoid = p.oid)::text || prorettype::regtype ELSE pg_get_functiondef(p.oid) END)
    FROM pg_proc p JOIN spaces s ON s.oid = pronamespace WHERE NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL SELECT 'type ' || t.oid::regtype, jsonb_build_array(typowner::regrole, $(acl_of typacl T typowner), typtype, typnotnull, typdefault,
      format_type(nullif(typbasetype, 0), typtypmod), typcollation::regcollation, typstorage, typinput::text,
      (SELECT jsonb_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
      (SELECT jsonb_build_array(rngsubtype::regtype, rngcollation::regcollation, rngcanonical, rngsubdiff, rngmultitypid::regtype, (SELECT opcname FROM pg_opclass o WHERE o.oid = rngsubopc))
        FROM pg_range WHERE rngtypid = t.oid))
    FROM pg_type t JOIN spaces s ON s.oid = typnamespace WHERE typtype IN ('b', 'd', 'e', 'r') AND typelem = 0
    AND NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
  UNION ALL SELECT 'sequence parameters ' || c.name, jsonb_build_array(seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
      (SELECT jsonb_build_array(refobjid::regclass, attname, deptype) FROM pg_depend d JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND deptype IN ('a', 'i')))
    FROM pg_sequence JOIN relations c ON c.oid = seqrelid
  UNION ALL SELECT format('default privileges of %s%s on %s', defaclrole::regrole, coalesce(' in ' || nullif(defaclnamespace, 0)::regnamespace, ''), defaclobjtype),
      jsonb_build_array((SELECT jsonb_agg(regexp_replace(a::text, '(=[^/]*)m\*?', '\1') ORDER BY a::text COLLATE "C") FROM unnest(defaclacl) a)) FROM pg_default_acl
  UNION ALL SELECT 'statistics ' || format('%I.%I', nspname, stxname), jsonb_build_array(stxowner::regrole, $(plain 'pg_get_statisticsobjdef(x.oid)'), nullif(stxstattarget, -1))
    FROM pg_statistic_ext x JOIN spaces s ON s.oid = stxnamespace
  UNION ALL SELECT 'event trigger ' || quote_ident(evtname), jsonb_build_array(evtevent, evtfoid::regprocedure, evtenabled, evttags) FROM pg_event_trigger v
    WHERE NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = v.oid) AND $(not_of_rds evtname)
  UNION ALL SELECT 'collation ' || c.oid::regcollation, to_jsonb(c) - '{oid,collowner,collnamespace,collversion}'::text[] || jsonb_build_object('o', collowner::regrole)
    FROM pg_collation c JOIN spaces s ON s.oid = collnamespace WHERE NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = 'pg_collation'::regclass AND e.objid = c.oid)
  UNION ALL SELECT 'foreign server ' || quote_ident(srvname), jsonb_build_array(srvowner::regrole, fdwname, srvtype, srvversion, $(sorted srvoptions), $(acl_of srvacl S srvowner))
    FROM pg_foreign_server JOIN pg_foreign_data_wrapper f ON f.oid = srvfdw
  UNION ALL SELECT format('user mapping of %s for %I', CASE umuser WHEN 0 THEN 'public' ELSE pg_get_userbyid(umuser) END, srvname), '1' FROM pg_user_mappings
  UNION ALL SELECT 'publication ' || quote_ident(pubname), jsonb_build_array(puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
      (SELECT jsonb_agg(format('%I.%I', schemaname, tablename) ORDER BY schemaname COLLATE "C", tablename COLLATE "C") FROM pg_publication_tables t WHERE t.pubname = p.pubname))
    FROM pg_publication p WHERE pubname <> 'scalectl'
  UNION ALL SELECT i.type || ' ' || i.identity, '1' FROM (
      SELECT 'pg_cast'::regclass AS classid, oid AS objid FROM pg_cast UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
      UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
      UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
      UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
      UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
      UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
      UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper) o
    CROSS JOIN LATERAL pg_identify_object(o.classid, o.objid, 0) i WHERE o.objid >= 16384 AND (i.schema IS NULL OR i.schema <> 'scalectl')
    AND NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = o.classid AND e.objid = o.objid)
  UNION ALL SELECT 'text search mapping of ' || mapcfg::regconfig, jsonb_agg(jsonb_build_array(maptokentype, mapseqno, mapdict::regdictionary) ORDER BY maptokentype, mapseqno)
    FROM pg_ts_config_map WHERE mapcfg >= 16384 GROUP BY mapcfg
  UNION ALL SELECT format('comment on %s %s', i.type, i.identity), to_jsonb(description) FROM pg_description d CROSS JOIN LATERAL pg_identify_object(classoid, objoid, objsubid) i
    WHERE (objoid >= 16384 OR objoid = 2200) AND classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass)
    AND NOT (classoid = 'pg_constraint'::regclass AND objoid IN (SELECT oid FROM pg_constraint WHERE contype = 'n'))
    AND coalesce(i.schema, i.name) IS DISTINCT FROM 'scalectl' AND NOT (objoid = 2200 AND description = 'standard public schema')
    AND NOT EXISTS (SELECT FROM extension_parts e WHERE e.classid = classoid AND e.objid = objoid)
  UNION ALL SELECT format('security label of %s on %s', provider, objname), to_jsonb(label) FROM pg_seclabels WHERE objname NOT LIKE 'scalectl%'
  UNION ALL SELECT 'database', jsonb_build_array(datconnlimit, shobj_description(oid, 'pg_database'), (SELECT jsonb_agg(a ORDER BY a) FROM (
      SELECT a::text COLLATE "C" AS a FROM unnest(coalesce(datacl, acldefault('d', datdba))) a) x WHERE a !~ '^"?(rds|scalectl)'
        AND a !~ ALL (SELECT '^"?' || name || '"?=' FROM logins)))
    FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT format('setting %s of %s%s', split_part(c, '=', 1), coalesce(r.rolname, 'the database'), CASE WHEN r.oid IS NOT NULL AND setdatabase <> 0 THEN ' in the database' END), to_jsonb(c)
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole, unnest(setconfig) c
    WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) AND $(in_force)
    AND c !~ '^default_transaction_read_only=' AND coalesce(r.rolname, '') NOT IN (SELECT name FROM logins)
    AND (setrole = 0 OR setrole IN (SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())))
  UNION ALL SELECT format('member %s of role %s', member, role), jsonb_build_array(admin_option, inherits, sets) FROM members
    WHERE role NOT IN (SELECT quote_ident(name) FROM logins) AND member NOT IN (SELECT quote_ident(name) FROM logins)
    AND role::regrole IN (SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()))
)
SELECT translate(what, E'\n\r', '  ') || ': ' || md5(string_agg(fact::text, ' ' ORDER BY fact::text COLLATE "C")) FROM facts WHERE what IS NOT NULL GROUP BY what;
SQL
}
# acl_of COLUMN TYPE OWNER [TABLE]: privileges in a fixed order; those that nobody has changed are the defaults of TYPE.
acl_of() {
  local column=${4:+$4.}$1 default="acldefault('$2', $3)"
  [[ $2 != c ]] || default="'{}'::aclitem[]"
  cat <<SQL
(SELECT jsonb_agg(DISTINCT a ORDER BY a) FROM (SELECT regexp_replace(a::text, '(=[^/]*)m\*?', '\1') COLLATE "C" AS a,
  (aclexplode(ARRAY[a])).grantee AS grantee FROM unnest(coalesce($column, $default)) a) x
  WHERE grantee = $3 OR grantee = 0 OR pg_get_userbyid(grantee) NOT IN (SELECT name FROM logins))
SQL
}
# in_force: a setting c of s that holds for all roles of the server becomes one of the database, unless that has its own.
in_force() {
  echo "(setrole <> 0 OR setdatabase <> 0 OR NOT EXISTS (SELECT FROM pg_db_role_setting o, unnest(o.setconfig) own WHERE o.setrole = 0
    AND o.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) AND split_part(own, '=', 1) = split_part(c, '=', 1)))"
}
# plain EXPRESSION [unqualified]: an expression without what differs between one and the same before and after a dump: casts
# between texts and numbers, parentheses, blanks; and with `unqualified` the tables that columns are named with.
plain() {
  local names=''
  [[ ${2:-} != unqualified ]] || names='("[^"]+"|[a-z_][a-z0-9_$]*)\.|'
  echo "regexp_replace($1, '$names::(character varying|character|text|bpchar|numeric|name)(\(\d+(,\d+)?\))?(\[\])*|[()\s]+', '', 'g')"
}
# Options in a fixed order, as a dump sorts them.
sorted() { echo "(SELECT jsonb_agg(o ORDER BY o COLLATE \"C\") FROM unnest($1) o)"; }
# RDS and its kin keep objects of their own in every database.
not_of_rds() { echo "$1 !~ '^rds'"; }
objects() { objects_query | sql "$1"; }
# schema_stamp SIDE: changes whenever a catalog does, and is quick.
schema_stamp() {
  local catalog list=''
  for catalog in class attribute attrdef constraint index proc type enum trigger rewrite policy namespace extension sequence inherits \
    statistic_ext event_trigger default_acl description auth_members cast operator collation foreign_server publication publication_rel; do
    list+="${list:+ UNION ALL }SELECT count(*), sum(hashtextextended(xmin::text || ' ' || ctid::text, 0)::numeric) FROM pg_$catalog"
  done
  sql "$1" "SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM ($list) x"
}

# The schema as statements for the target. Roles keep their names and objects their owners, so that whatever goes by a
# login's name goes on: the application keeps the source's login after the switch, and later has the target's own, which
# then acts as the role that the source's acts as.

# with_options VERSION: what a membership a allows, as a server of this version says it.
with_options() {
  if (($1 >= 16)); then
    echo "CASE WHEN to_jsonb(a) ? 'set_option' THEN format(' WITH ADMIN %s, INHERIT %s, SET %s', a.admin_option::text, to_jsonb(a) ->> 'inherit_option', to_jsonb(a) ->> 'set_option')
      WHEN a.admin_option THEN ' WITH ADMIN OPTION' END"
  else
    echo "CASE WHEN a.admin_option THEN ' WITH ADMIN OPTION' END"
  fi
}
# roles: statements that make the target's roles those of the source.
roles() {
  local login=${user[source]} own=${user[target]} passwords='null'
  [[ $(sql source "SELECT has_table_privilege('pg_authid', 'SELECT')") != t ]] || passwords='(SELECT rolpassword FROM pg_authid a WHERE a.oid = r.oid)'
  role_of_login target "$login" "${password[source]}"
  # Those that this database mentions, and all that belong to one another.
  sql source <<SQL
WITH rights AS (SELECT rolsuper AS super FROM (VALUES ($(if is_super target; then echo true; else echo false; fi))) x(rolsuper)),
known AS ($(roles_query)),
settings AS (SELECT r.rolname, setdatabase, split_part(c, '=', 1) AS key, substr(c, strpos(c, '=') + 1) AS value
  FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole, unnest(setconfig) c
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) AND $(in_force)
  AND NOT (setrole = 0 AND c LIKE 'default_transaction_read_only=%')),
set_to AS (SELECT *, format('%I TO %s', key, CASE WHEN key IN ('search_path', 'session_preload_libraries', 'local_preload_libraries', 'temp_tablespaces')
  THEN value ELSE quote_literal(value) END) AS words FROM settings)
SELECT statement FROM (
  SELECT 1, rolname, format('SELECT %L WHERE to_regrole(%L) IS NULL', format('CREATE ROLE %I %s%s%s%s%s%s%s', rolname,
      CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN NOT rolinherit THEN ' NOINHERIT' END, CASE WHEN rolcreatedb THEN ' CREATEDB' END,
      CASE WHEN rolcreaterole THEN ' CREATEROLE' END, CASE WHEN rolsuper AND super THEN ' SUPERUSER' END || CASE WHEN rolbypassrls THEN ' BYPASSRLS' ELSE '' END,
      CASE WHEN rolconnlimit <> -1 THEN ' CONNECTION LIMIT ' || rolconnlimit END || coalesce(format(' VALID UNTIL %L', rolvaliduntil), ''),
      format(' PASSWORD %L', $passwords)), quote_ident(rolname)) || ' \gexec'
    FROM known r, rights WHERE rolname NOT IN ($(literal "$login"), $(literal "$own"))
  UNION ALL SELECT 1, rolname, format('SELECT %L || CASE WHEN rolsuper THEN %L ELSE %L || CASE WHEN rolcreatedb THEN %L ELSE %L END END FROM pg_roles WHERE rolname = session_user',
      format('ALTER ROLE %I CONNECTION LIMIT %s%s', rolname, rolconnlimit, CASE WHEN NOT rolinherit THEN ' NOINHERIT' END),
      concat(CASE WHEN rolsuper THEN ' SUPERUSER' END, CASE WHEN rolbypassrls THEN ' BYPASSRLS' END, CASE WHEN rolcreaterole THEN ' CREATEROLE' END, CASE WHEN rolcreatedb THEN ' CREATEDB' END),
      CASE WHEN rolcreaterole AND NOT rolsuper THEN ' CREATEROLE' ELSE '' END, CASE WHEN rolcreatedb AND NOT rolsuper THEN ' CREATEDB' ELSE '' END, '') || ' \gexec'
    FROM known WHERE rolname = $(literal "$login") AND rolname <> $(literal "$own")
  UNION ALL SELECT 2, rolname, format('SELECT CASE WHEN rolsuper OR rolreplication THEN %L ELSE %L END FROM pg_roles WHERE rolname = session_user',
      format('ALTER ROLE %I REPLICATION', rolname), format('GRANT rds_replication TO %I', rolname)) || ' \gexec'
    FROM known WHERE (rolreplication OR pg_has_role(oid, to_regrole('rds_replication'), 'MEMBER')) AND rolname NOT IN ($(literal "$login"), $(literal "$own"))
  UNION ALL SELECT 2, rolname, format('COMMENT ON ROLE %I IS %L;', rolname, shobj_description(oid, 'pg_authid')) FROM known
    WHERE shobj_description(oid, 'pg_authid') IS NOT NULL AND rolname <> $(literal "$own")
  UNION ALL SELECT 3, m.rolname, format('GRANT %I TO %I%s', g.rolname, m.rolname, $(with_options "$(version target)")) || ';'
    FROM pg_auth_members a JOIN known m ON m.oid = member JOIN pg_roles g ON g.oid = roleid
    WHERE m.rolname <> $(literal "$own") AND (g.rolname <> $(literal "$own") OR grantor <> 10 AND (SELECT super FROM rights)) AND g.rolname !~ '^rds'
  UNION ALL SELECT 4, s.rolname, format('ALTER ROLE %I%s SET %s', s.rolname, CASE WHEN setdatabase <> 0 THEN format(' IN DATABASE %I', current_database()) END, words) || ';'
    FROM set_to s JOIN known USING (rolname) WHERE rolname <> $(literal "$own")
  UNION ALL SELECT 5, null, format('ALTER DATABASE %I SET %s', current_database(), words) || ';' FROM set_to WHERE rolname IS NULL
  UNION ALL SELECT 6, null, format('ALTER ROLE %I IN DATABASE %I SET %s', $(literal "$own"), current_database(), words) || ';'
    FROM set_to WHERE rolname = $(literal "$login") AND rolname <> $(literal "$own") AND key <> 'role'
) x(place, role, statement) ORDER BY place, role NULLS FIRST, statement;
SQL
}
# roles_query: the source's roles that go with the database; superusers only where it mentions them.
roles_query() {
  cat <<SQL
SELECT * FROM pg_roles r WHERE rolname !~ '^(pg_|rds)' AND rolname NOT IN ('scalectl_follower', $(literal "${user[target]}")) AND (NOT rolsuper
  OR rolname = $(literal "${user[source]}") OR oid IN (SELECT refobjid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass
    AND (dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) OR classid = 'pg_database'::regclass
      AND objid = (SELECT oid FROM pg_database WHERE datname = current_database()))))
SQL
}

# role_of_login SIDE NAME PASSWORD: statements that let the other side's login in here.
role_of_login() {
  local login
  login=$(name "$2")
  cat <<SQL
SELECT 'CREATE ROLE ' || $(literal "$login") WHERE to_regrole($(literal "$login")) IS NULL \gexec
ALTER ROLE $login LOGIN PASSWORD $(literal "$3");
SQL
}

# act_as SIDE LOGIN ROLE: statements that let a login act as a role, in this database from its first statement on.
act_as() {
  local login role options=''
  login=$(name "$2") role=$(name "$3")
  [[ $2 != "$3" ]] || return 0
  (($(version "$1") < 16)) || options=' WITH INHERIT TRUE, SET TRUE'
  printf 'GRANT %s TO %s%s;\n' "$role" "$login" "$options"
  printf 'ALTER ROLE %s IN DATABASE %s SET role TO %s;\n' "$login" "$(name "$DATABASE")" "$(literal "$3")"
}

# schema_statements ROLE: all that makes an empty target hold the source's objects, for psql, within a transaction.
schema_statements() {
  local acting=$1 own=${user[target]} kept="$work/schema.kept" options='' owner
  client pg_dump -h "${host[source]}" -p "${port[source]}" -U "${user[source]}" -d "$DATABASE" -w -Fc \
    --schema-only --no-subscriptions --no-tablespaces --exclude-schema=scalectl >"$work/schema.dump" || return 1
  client pg_restore -l "$work/schema.dump" >"$work/schema.list" || return 1
  # The schema public is there, and extensions' comments are their owners'. What belongs to superusers elsewhere belongs
  # to the target's own login: event triggers and publications.
  local last='^[0-9]+; [0-9]+ [0-9]+ (EVENT TRIGGER|PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|COMMENT - (EVENT TRIGGER|PUBLICATION)) '
  grep -E '^[0-9]+; [0-9]+ [0-9]+ SCHEMA - ' "$work/schema.list" | grep -vE ' SCHEMA - public [^ ]+$' >"$kept.first" || true
  grep -vE "^[0-9]+; [0-9]+ [0-9]+ (COMMENT - EXTENSION |SCHEMA - )|$last" "$work/schema.list" >"$kept" || true
  grep -E "$last" "$work/schema.list" >"$kept.last" || true
  echo '-- Name: roles and settings; Type: ROLE;'
  roles || return 1
  (($(version target) < 16)) || options=' WITH INHERIT TRUE, SET TRUE'
  # The target's own login makes objects for their owners, as their member.
  if ! is_super target; then
    sql source "SELECT format('GRANT %I TO %I$options;', rolname, $(literal "$own")) FROM ($(roles_query)) r" || return 1
  fi
  [[ $own == "$acting" ]] || printf 'GRANT %s TO %s%s;\n' "$(name "$acting")" "$(name "$own")" "$options"
  owner=$(sql source "SELECT datdba::regrole FROM pg_database WHERE datname = current_database()") || return 1
  printf 'ALTER DATABASE %s OWNER TO %s;\n' "$(name "$DATABASE")" "$owner"
  owner=$(sql source "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'") || return 1
  if [[ -n $owner ]]; then printf 'ALTER SCHEMA public OWNER TO %s;\n' "$owner"; else echo 'DROP SCHEMA public;'; fi
  [[ ! -s $kept.first ]] || client pg_restore -f - -L "$kept.first" "$work/schema.dump" || return 1
  # Privileges come last in a dump, and who is to own something has to have this one before.
  owners_privileges GRANT TO || return 1
  client pg_restore -f - -L "$kept" "$work/schema.dump" || return 1
  owners_privileges REVOKE FROM || return 1
  echo '-- Name: event triggers, publications; Type: LAST;'
  [[ ! -s $kept.last ]] || client pg_restore --no-owner -f - -L "$kept.last" "$work/schema.dump" || return 1
  echo '-- Name: comments and privileges; Type: DATABASE;'
  sql source <<SQL || return 1
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s;', datname, datconnlimit) FROM pg_database WHERE datname = current_database() AND datconnlimit <> -1;
SELECT format('COMMENT ON DATABASE %I IS %L;', datname, shobj_description(oid, 'pg_database')) FROM pg_database
  WHERE datname = current_database() AND shobj_description(oid, 'pg_database') IS NOT NULL;
SELECT format('DO %L;', format('BEGIN COMMENT ON EXTENSION %I IS %L; EXCEPTION WHEN insufficient_privilege THEN NULL; END', extname, obj_description(e.oid, 'pg_extension')))
  FROM pg_extension e JOIN pg_available_extensions ON name = extname WHERE obj_description(e.oid, 'pg_extension') IS DISTINCT FROM comment;
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC;', datname) FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL;
SELECT format('GRANT %s ON DATABASE %I TO %s%s;', privilege_type, datname, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
    CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
  FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND coalesce(grantee::regrole::text !~ '^"?(rds|scalectl_)', true);
SQL
  # Rights to single settings.
  if (($(version source) >= 15)) && is_super target; then
    sql source "SELECT format('GRANT %s ON PARAMETER %I TO %s%s;', privilege_type, parname, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) FROM pg_parameter_acl, aclexplode(paracl)
      WHERE grantee = 0 OR grantee IN (SELECT oid FROM ($(roles_query)) r WHERE rolname <> $(literal "$own") AND NOT rolsuper)" || return 1
  fi
  # What extensions bring belongs to who makes them; on the source that may be the application.
  sql source <<SQL
SELECT format('DO %L;', format('BEGIN GRANT ALL ON %s %s TO %s; EXCEPTION WHEN insufficient_privilege OR undefined_table OR undefined_object THEN NULL; END',
    kind, what, owner::regrole)) FROM (
  SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text, relowner FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
    WHERE deptype = 'e' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL SELECT 'SCHEMA', n.oid::regnamespace::text, nspowner FROM pg_namespace n JOIN pg_depend d ON d.classid = 'pg_namespace'::regclass AND d.objid = n.oid WHERE deptype = 'e'
  ) x(kind, what, owner) WHERE owner IN (SELECT oid FROM ($(roles_query)) r);
SQL
}
owners_privileges() {
  sql source <<SQL
SELECT DISTINCT format('$1 CREATE ON SCHEMA %s $2 %s;', space::regnamespace, owner::regrole) FROM (
  SELECT relnamespace, relowner FROM pg_class UNION SELECT pronamespace, proowner FROM pg_proc UNION SELECT typnamespace, typowner FROM pg_type
  UNION SELECT stxnamespace, stxowner FROM pg_statistic_ext UNION SELECT oprnamespace, oprowner FROM pg_operator UNION SELECT collnamespace, collowner FROM pg_collation) x(space, owner)
  JOIN pg_namespace n ON n.oid = space JOIN pg_roles r ON r.oid = owner WHERE nspowner <> owner AND nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'scalectl')
  AND rolname !~ '^(rds|pg_)' AND rolname NOT IN ($(literal "${user[source]}"), $(literal "${user[target]}"))
  AND ('$1' = 'GRANT' OR NOT EXISTS (SELECT FROM aclexplode(nspacl) a WHERE a.grantee = owner AND privilege_type = 'CREATE'));
SQL
}
# run_schema FILE: statements on the target. Where one fails, the object that it is for is named.
run_schema() {
  local number place
  if session target <"$1" >"$work/schema.out" 2>"$work/schema.err"; then return; fi
  number=$(sed -n 's/^psql:[^:]*:\([0-9]*\): ERROR.*/\1/p' "$work/schema.err" | head -1)
  place=$(head -n "${number:-0}" "$1" | sed -n 's/^-- \(Data for \)\{0,1\}Name: \([^;]*\); Type: \([^;]*\);\( Schema: \([^;]*\);\)\{0,1\}.*/\3 \5 \2/p' | tail -1)
  sed -n "s/^psql:[^:]*:[0-9]*: //p; t; p" "$work/schema.err" | sed "s/^ERROR: */${place//\//\\/}: /" >&2
  return 1
}

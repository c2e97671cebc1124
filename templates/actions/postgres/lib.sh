# PostgreSQL: sessions, publications and subscriptions.
#
# A subscription is called after its direction: scalectl_forward is the target's to the source, scalectl_reverse the
# source's to the target. Its slot has the same name.
export PGPASSFILE=$work/pgpass PGAPPNAME=scalectl PGCONNECT_TIMEOUT=10
# The actions write on a fenced side too, and both sides have to spell values alike.
export PGOPTIONS='-c client_min_messages=warning -c default_transaction_read_only=off -c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1'
for side in source target; do
  for word in "${host[$side]}" "${port[$side]}" '*' "${user[$side]}" "${password[$side]}"; do
    word=${word//\\/\\\\}
    printf '%s:' "${word//:/\\:}"
  done | sed 's/:$/\n/'
done >"$PGPASSFILE"

# A PostgreSQL literal and a name.
literal() { printf "'%s'" "${1//\'/\'\'}"; }
name() { printf '"%s"' "${1//\"/\"\"}"; }

# Messages are terse, because what they would quote may be a password.
session() {
  client psql -h "${host[$1]}" -p "${port[$1]}" -U "${user[$1]}" -d "$DATABASE" -w \
    -X -q -A -t -F $'\t' -v ON_ERROR_STOP=1 -v VERBOSITY=terse -f -
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

# subscribe FROM COPY: the other side follows FROM from now on.
subscribe() {
  local from=$1 copy=$2 to name list
  to=$(other "$from") name=$(subscription "$from")
  has_subscription "$from" && return
  # A run that was killed may have left the slot without its subscription.
  drop_slot "$from"
  list=$(sql "$from" "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY 1) $tables")
  [[ -n $list ]] || refuse "there is no table to replicate"
  sql "$from" <<SQL
DROP PUBLICATION IF EXISTS scalectl;
CREATE PUBLICATION scalectl FOR TABLE $list WITH (publish_via_partition_root = true);
SQL
  local word=${password[$from]//\\/\\\\}
  sql "$to" <<SQL
CREATE SUBSCRIPTION $name
  CONNECTION $(literal "host='${host[$from]}' port='${port[$from]}' dbname='$DATABASE' user='${user[$from]}' password='${word//\'/\\\'}'")
  PUBLICATION scalectl WITH (copy_data = $copy)
SQL
}

# unsubscribe FROM: the other side follows FROM no more.
unsubscribe() {
  local from=$1 to name
  to=$(other "$from") name=$(subscription "$from")
  if has_subscription "$from"; then
    sql "$to" "ALTER SUBSCRIPTION $name DISABLE"
    # The plain way drops all slots; when FROM does not answer, the subscription goes alone.
    sql "$to" "DROP SUBSCRIPTION $name" || sql "$to" <<SQL
ALTER SUBSCRIPTION $name SET (slot_name = NONE);
DROP SUBSCRIPTION $name;
SQL
  fi
  drop_slot "$from"
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

position() { sql "$1" "SELECT pg_current_wal_lsn()"; }

# caught_up FROM POSITION SECONDS: waits until the other side has all up to there, on disk. It writes to disk when it
# likes; a commit of our own has it do so now.
caught_up() {
  local until=$((SECONDS + $3))
  until has_reached "$1" "$2"; do
    ((SECONDS <= until)) || refuse "the $(other "$1") is still behind after $3 seconds"
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
lag_seconds() {
  sql "$1" "SELECT coalesce(round(max(extract(epoch FROM replay_lag))::numeric, 3), 0) FROM pg_stat_replication
    WHERE application_name = '$(subscription "$1")'"
}

# No writer that the proxy does not know either; soft, so that replication may still write.
fence() { sql "$1" "ALTER DATABASE $(name "$DATABASE") SET default_transaction_read_only = on"; }
unfence() { sql "$1" "ALTER DATABASE $(name "$DATABASE") RESET default_transaction_read_only"; }

# Ends sessions as they become idle, so that nothing in flight is lost; what is busy for too long is ended too.
drain() {
  sql "$1" >"$work/out" <<SQL
DO \$\$
DECLARE
  patience timestamptz := clock_timestamp() + interval '${DRAIN_SECONDS:-2} seconds';
BEGIN
  FOR n IN 1..3000 LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'scalectl'
        AND (state = 'idle' OR clock_timestamp() > patience);
    PERFORM pg_stat_clear_snapshot();
    IF NOT EXISTS (SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name <> 'scalectl') THEN
      RETURN;
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
  RAISE EXCEPTION 'sessions of the application do not end';
END \$\$;
SQL
}

sequences="SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
  coalesce(last_value, start_value), last_value IS NOT NULL) FROM pg_sequences WHERE schemaname <> 'scalectl' ORDER BY 1"
has_sequences() {
  local ours theirs
  ours=$(sql "$1" "$sequences") || exit 1
  theirs=$(sql "$(other "$1")" "$sequences") || exit 1
  [[ $ours == "$theirs" ]]
}
copy_sequences() { sql "$1" "$sequences" | sed 's/$/;/' | sql "$(other "$1")" >"$work/out"; }

empty_tables() {
  local list
  list=$(sql "$1" "SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ') $tables")
  [[ -z $list ]] || sql "$1" "TRUNCATE $list"
}

# What is only there for replication.
tidy() { sql "$1" "DROP PUBLICATION IF EXISTS scalectl"; }

dump() {
  client pg_dump -h "${host[$1]}" -p "${port[$1]}" -U "${user[$1]}" -d "$DATABASE" -w -Fc
}

# Each table with the expressions of its key and of a whole row, between tabs.
list() {
  sql "$1" "SELECT format('%I.%I', n.nspname, c.relname) || E'\\t' || coalesce(
    (SELECT 'ROW(' || string_agg(format('t.%I', a.attname), ',' ORDER BY a.attnum) || ')::text' FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary), 't::text') || E'\\tt::text' $tables ORDER BY 1"
}
bucket() { echo "(('x' || substr(md5($1), 1, 8))::bit(32)::int & 255)"; }

# sums SIDE TABLE KEY ROW: a checksum for each bucket of keys.
sums() {
  bulk "$1" <<<"SELECT $(bucket "$3"), count(*), sum(('x' || substr(md5($4), 1, 15))::bit(60)::bigint)
    FROM $2 t GROUP BY 1 ORDER BY 1"
}

# rows SIDE TABLE KEY ROW BUCKETS: every row's key and content, as digests.
rows() { bulk "$1" <<<"SELECT md5($3), md5($4) FROM $2 t WHERE $(bucket "$3") IN ($5)"; }

# Which sequences are behind the columns that they serve.
behind_column() {
  sql "$1" <<'SQL'
SELECT format('SELECT %L WHERE (SELECT last_value FROM %s) < (SELECT coalesce(max(%I), 0) FROM %s)',
    s.oid::regclass, s.oid::regclass, a.attname, d.refobjid::regclass)
  FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
  WHERE s.relkind = 'S' \gexec
SQL
}

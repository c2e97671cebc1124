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

psql_of() {
  client psql -h "${host[$1]}" -p "${port[$1]}" -U "${user[$1]}" -d "$DATABASE" -w \
    -X -q -A -t -v ON_ERROR_STOP=1 -v VERBOSITY=terse -f -
}

# bulk SIDE: statements from standard input in a session of their own, for much input or output.
bulk() { psql_of "$1"; }

# One session with each side for everything else: while writes are paused there is no time for new ones.
declare -A to_session from_session
connect() {
  local side=$1 to from
  rm -f "$work/$side".{to,from}
  mkfifo "$work/$side".{to,from}
  psql_of "$side" <"$work/$side.to" >"$work/$side.from" &
  exec {to}>"$work/$side.to" {from}<"$work/$side.from"
  to_session[$side]=$to from_session[$side]=$from
}
trap '' PIPE

# sql SIDE [STATEMENT]: statements from the second argument, or from standard input. Messages are terse, because what
# they would quote may be a password. An error ends the session, and the next statement has a new one.
end_of_answer="end-$RANDOM$RANDOM"
sql() {
  local side=$1 line
  # A session that has ended is noticed below.
  {
    {
      if (($# > 1)); then printf '%s' "$2"; else cat; fi
      printf "\n;SELECT '%s';\n" "$end_of_answer"
    } >&"${to_session[$side]}" || true
  } 2>/dev/null
  while IFS= read -r line <&"${from_session[$side]}"; do
    [[ $line != "$end_of_answer" ]] || return 0
    printf '%s\n' "$line"
  done
  connect "$side"
  return 1
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

# caught_up FROM POSITION SECONDS: waits until the other side has all up to there, on disk.
caught_up() {
  sql "$1" <<SQL
DO \$\$
DECLARE
  slot text := '$(subscription "$1")';
  deadline timestamptz := clock_timestamp() + interval '$3 seconds';
BEGIN
  WHILE NOT coalesce((SELECT confirmed_flush_lsn >= '$2' FROM pg_replication_slots WHERE slot_name = slot), false) LOOP
    IF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'the $(other "$1") is still behind after $3 seconds';
    END IF;
    PERFORM pg_sleep(0.01);
  END LOOP;
END \$\$;
SQL
}

# Whether every table's first copy is done.
is_synced() {
  local found
  found=$(sql "$(other "$1")" "SELECT count(*) > 0 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel r
    JOIN pg_subscription s ON s.oid = r.srsubid WHERE s.subname = '$(subscription "$1")'") || exit 1
  [[ $found == t ]]
}

# MySQL, and MariaDB where that runs instead: sessions and replication.
#
# Replication begins at a place in the binary log, which all versions know. MariaDB keeps its place safe from crashes
# only as a GTID, so there the place is translated into one; MySQL keeps it in a table. On RDS the procedures mysql.rds_*
# stand for statements that need more than its users may; what RDS writes into tables mysql.rds_* of its own, the server's
# database does not follow (its start says so). A server follows one other, so a direction needs no name.
first_of() {
  local program
  for program; do
    if command -v "$program" >/dev/null; then echo "$program"; return; fi
  done
  echo "$1"
}
mysql=$(first_of mysql mariadb) mysqldump=$(first_of mysqldump mariadb-dump)

# A login of the server's own database may not administer it; root there has the same password.
declare -A admin
for side in source target; do
  admin[$side]=${user[$side]}
  [[ ${user[$side]} != site ]] || admin[$side]=root
  word=${password[$side]//\\/\\\\}
  printf '[client]\nuser=%s\npassword="%s"\n' "${admin[$side]}" "${word//\"/\\\"}" >"$work/$side.cnf"
done
literal() { local word=${1//\\/\\\\}; printf "'%s'" "${word//\'/\'\'}"; }
name() { printf "\`%s\`" "${1//\`/\`\`}"; }

arguments() { printf '%s\n' --defaults-extra-file="$work/$1.cnf" --protocol=tcp -h "${host[$1]}" -P "${port[$1]}"; }
# Some clients quote the statement that failed, and that may hold a password.
errors() { sed -nu 's/^\(ERROR.*\)/\1/p' >&2; }
declare -A kind managed version settings
session() {
  local words
  mapfile -t words < <(arguments "$1")
  client "$mysql" "${words[@]}" --batch --skip-column-names --raw --unbuffered --default-character-set=utf8mb4 \
    --init-command="SET time_zone = '+00:00', group_concat_max_len = 1000000${settings[$1]:-}" "$DATABASE" \
    2> >(errors)
}
connect source
connect target

# What a side is: MariaDB or MySQL, and whether RDS manages it.
for side in source target; do
  text=$(sql "$side" "SELECT version()")
  kind[$side]=mysql version[$side]=${text%%-*}
  if [[ $text == *MariaDB* ]]; then kind[$side]=mariadb; fi
  managed[$side]=$(sql "$side" "SELECT count(*) FROM information_schema.routines
    WHERE routine_schema = 'mysql' AND routine_name = 'rds_start_replication'")
  # What an action does to prepare a side is not for the other side to follow. RDS does not allow to say so; there it
  # comes before the place at which the other side begins.
  case ${kind[$side]}${managed[$side]} in
    mariadb0) settings[$side]=", sql_log_bin = 0" ;;
    mysql*) settings[$side]=", information_schema_stats_expiry = 0" ;;
  esac
  [[ -z ${settings[$side]:-} ]] || sql "$side" "SET ${settings[$side]#, }"
done
is_managed() { [[ ${managed[$1]} == 1 ]]; }
# at_least SIDE VERSION
at_least() { [[ ${kind[$1]} != mariadb && $(printf '%s\n' "$2" "${version[$1]}" | sort -V | head -1) == "$2" ]]; }

# A table in the database scalectl says what a side is in the migration: target, or retired.
mark_of() {
  local found
  found=$(sql "$1" "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'scalectl' AND table_name = 'mark'") || exit 1
  [[ $found == 0 ]] || sql "$1" "SELECT value FROM scalectl.mark"
}
mark() {
  sql "$1" <<SQL
CREATE DATABASE IF NOT EXISTS scalectl;
CREATE TABLE IF NOT EXISTS scalectl.mark (one int PRIMARY KEY, value varchar(20) NOT NULL);
REPLACE INTO scalectl.mark VALUES (1, $(literal "$2"));
SQL
}
unmark() { sql "$1" "DROP DATABASE IF EXISTS scalectl"; }

# A side's place in its binary log: file and offset.
position() {
  local shown statement="SHOW MASTER STATUS"
  if at_least "$1" 8.2; then statement="SHOW BINARY LOG STATUS"; fi
  shown=$(sql "$1" "$statement") || exit 1
  [[ -n $shown ]] || refuse "the $1 keeps no binary log"
  cut -f1,2 --output-delimiter=' ' <<<"$shown"
}

# What the other side says about following FROM, in one line; nothing if it does not. The columns that are read are the
# same in all versions, by number; their names are not.
status_of() {
  local to shown
  to=$(other "$1")
  shown=$(sql "$to" "SHOW REPLICA STATUS") || exit 1
  if [[ $(of_status "$shown" host) == "${host[$1]}" && $(of_status "$shown" port) == "${port[$1]}" ]]; then
    printf '%s\n' "$shown"
  fi
}
declare -A column=([host]=2 [port]=4 [file]=10 [receives]=11 [applies]=12 [error]=20 [offset]=22 [seconds]=33)
of_status() { head -1 <<<"$1" | cut -f "${column[$2]}"; }
has_subscription() {
  local shown
  shown=$(status_of "$1") || exit 1
  [[ -n $shown ]]
}

# follow FROM FILE OFFSET: the other side follows from this place on.
follow() {
  local from=$1 file=$2 offset=$3 to name word gtid
  to=$(other "$from")
  name=$(literal "${user[$to]}") word=$(literal "${password[$to]}")
  case ${kind[$to]}${managed[$to]} in
    *1)
      local set=rds_set_external_master
      if at_least "$to" 8.4; then set=rds_set_external_source; fi
      # As below, a line of its own for the word: an error tells no more than the first of what it quotes.
      sql "$to" >/dev/null <<SQL
CALL mysql.$set('${host[$from]}', ${port[$from]}, $name,
  $word, '$file', $offset, 1);
SQL
      ;;
    mariadb0)
      gtid=$(sql "$from" "SELECT BINLOG_GTID_POS('$file', $offset)") || exit 1
      sql "$to" <<SQL
STOP REPLICA;
RESET REPLICA ALL;
SET GLOBAL gtid_slave_pos = '$gtid';
CHANGE MASTER TO MASTER_HOST = '${host[$from]}', MASTER_PORT = ${port[$from]}, MASTER_USER = $name,
  MASTER_PASSWORD = $word, MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1;
SQL
      ;;
    mysql0)
      sql "$to" <<SQL
STOP REPLICA;
RESET REPLICA ALL;
CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host[$from]}', SOURCE_PORT = ${port[$from]}, SOURCE_USER = $name,
  SOURCE_PASSWORD = $word, SOURCE_LOG_FILE = '$file', SOURCE_LOG_POS = $offset, SOURCE_SSL = 1,
  SOURCE_CONNECT_RETRY = 1, SOURCE_RETRY_COUNT = 86400;
SQL
      ;;
  esac
  start "$to"
}
start() {
  if is_managed "$1"; then sql "$1" "CALL mysql.rds_start_replication" >/dev/null; else sql "$1" "START REPLICA"; fi
}

# subscribe FROM COPY: the other side follows FROM from now on.
subscribe() {
  local from=$1 copy=$2 to place
  to=$(other "$from")
  if has_subscription "$from"; then
    # A run that was killed may not have come to start it.
    is_synced "$from" || start "$to"
    return
  fi
  retain "$from" 168
  if [[ $copy == true ]]; then
    copy "$from"
    place=$(<"$work/place")
  else
    place=$(position "$from")
  fi
  follow "$from" "${place% *}" "${place#* }"
}

# retain SIDE HOURS: RDS keeps its binary log for no other server unless it is told to, and for a week at most.
retain() { ! is_managed "$1" || sql "$1" "CALL mysql.rds_set_configuration('binlog retention hours', $2)" >/dev/null; }

# copy FROM: its rows as of one moment on the other side, and in $work/place where its binary log stood then.
copy() {
  local from=$1 ours
  if ! is_managed "$from"; then
    copy_rows "$from" "$(option_of_place)"
    # The place stands at the dump's begin.
    sed -n "s/.*LOG_FILE='\([^']*\)', [A-Z]*_LOG_POS=\([0-9]*\).*/\1 \2/p" "$work/head" >"$work/place"
    [[ -s $work/place ]] || refuse "the dump does not say at which place it was taken"
    return
  fi
  # RDS lets nobody stop the whole server for that moment; its tables do as well.
  hold "$from"
  position "$from" >"$work/place"
  copy_rows "$from" &
  ours=$!
  # The first table is told of when the moment has come.
  until [[ -e $work/begun ]] || ! kill -0 "$ours" 2>/dev/null; do sleep 0.02; done
  sql "$from" "UNLOCK TABLES"
  wait "$ours"
}

# copy_rows FROM [OPTION]: each row into the other side. Triggers follow the rows, which they would otherwise change.
copy_rows() {
  local from=$1 words
  mapfile -t words < <(arguments "$from")
  {
    client "$mysqldump" "${words[@]}" --single-transaction "${@:2}" --no-create-info --skip-triggers \
      --no-tablespaces --skip-lock-tables --hex-blob "$DATABASE" | note_begin
    client "$mysqldump" "${words[@]}" --no-create-info --no-data --no-tablespaces --triggers --events "$DATABASE" |
      without_definers
  } | sed -e "1,60{/LOG_FILE=/w $work/head" -e '}' | bulk "$(other "$from")" >"$work/out"
}
note_begin() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in '-- Dumping data for table '* | '-- Dump completed'*) : >"$work/begun"; break ;; esac
  done
  cat
}

# hold SIDE: nothing is written to the application's tables until UNLOCK TABLES, or until this session ends. It gives way
# to a transaction that is open for long, because writers wait behind it.
hold() {
  local tables n
  tables=$(base_tables "$1" | while read -r table; do [[ -z $table ]] || printf ', %s READ' "$(name "$table")"; done)
  [[ -n $tables ]] || return 0
  for n in {1..30}; do
    if sql "$1" "SET lock_wait_timeout = 1; LOCK TABLES ${tables#, }"; then return; fi
    say "a transaction is open; trying again to copy everything as of one moment (attempt $n)"
    sleep 2
  done
  refuse "the tables of the $1 are never without an open transaction for a moment; look for one in information_schema.innodb_trx"
}
option_of_place() {
  if client "$mysqldump" --help 2>/dev/null | grep -q -- '--source-data'; then echo --source-data=2; else echo --master-data=2; fi
}
# Only an administrator may make something run as somebody else.
without_definers() { sed -E "s/DEFINER ?= ?\`[^\`]*\`@\`[^\`]*\`//g"; }

# unsubscribe FROM: the other side follows FROM no more.
unsubscribe() {
  local to
  to=$(other "$1")
  has_subscription "$1" || return 0
  if is_managed "$to"; then
    local reset=rds_reset_external_master
    if at_least "$to" 8.4; then reset=rds_reset_external_source; fi
    sql "$to" "CALL mysql.rds_stop_replication" >/dev/null
    sql "$to" "CALL mysql.$reset" >/dev/null
  else
    sql "$to" "STOP REPLICA; RESET REPLICA ALL"
  fi
  retain "$1" NULL
}

# The place that the other side has carried out.
reached() {
  local shown
  shown=$(status_of "$1") || exit 1
  echo "$(of_status "$shown" file) $(of_status "$shown" offset)"
}
# not_before PLACE PLACE
not_before() {
  local file=${1% *} other=${2% *}
  [[ $file == *.* ]] || return 1
  ((10#${file##*.} > 10#${other##*.} || (10#${file##*.} == 10#${other##*.} && ${1#* } >= ${2#* })))
}
has_reached() {
  local now
  now=$(reached "$1") || exit 1
  not_before "$now" "$2"
}

# caught_up FROM PLACE SECONDS: waits until the other side has carried out all up to there.
caught_up() {
  local from=$1 until=$((SECONDS + $3)) shown
  until has_reached "$from" "$2"; do
    shown=$(status_of "$from")
    check_applies "$from" "$shown"
    ((SECONDS <= until)) || refuse "the $(other "$from") is still behind after $3 seconds"
    sleep 0.02
  done
}

# check_applies FROM STATUS: a change that the other side could not carry out stops it for good.
check_applies() {
  if [[ $(of_status "$2" applies) == No && -n $(of_status "$2" error) ]]; then
    refuse "the $(other "$1") has stopped to follow: $(of_status "$2" error)"
  fi
}

# Whether the other side follows; its copy was complete before it began to.
is_synced() {
  local shown
  shown=$(status_of "$1") || exit 1
  check_applies "$1" "$shown"
  [[ $(of_status "$shown" receives) == Yes && $(of_status "$shown" applies) == Yes ]]
}
lag_bytes() {
  local at end
  at=$(reached "$1") end=$(position "$1")
  sql "$1" "SHOW BINARY LOGS" | awk -v at="${at% *}" -v offset="${at#* }" -v end="${end#* }" -v last="${end% *}" '
    $1 == at {seen = 1} seen && $1 != last {sum += $2} END {lag = seen ? sum + end - offset : 1e15; print (lag > 0 ? lag : 0)}'
}
lag_seconds() {
  local shown
  shown=$(status_of "$1")
  of_status "$shown" seconds | sed 's/NULL/null/'
}

# No writer that the proxy does not know either; replication may still write. RDS does not allow it.
fence() {
  case ${kind[$1]}${managed[$1]} in
    mysql0) sql "$1" "SET PERSIST read_only = ON" ;;
    mariadb0) sql "$1" "SET GLOBAL read_only = ON" ;;
    *) say "the $1 is on RDS and cannot be made read-only: only the proxy keeps writers away" ;;
  esac
}
unfence() {
  case ${kind[$1]}${managed[$1]} in
    mysql0) sql "$1" "SET PERSIST read_only = OFF" ;;
    mariadb0) sql "$1" "SET GLOBAL read_only = OFF" ;;
  esac
}

# Ends sessions as they become idle, so that nothing in flight is lost; what is busy for too long is ended too.
drain() {
  local until=$(($(milliseconds) + 1000 * ${DRAIN_SECONDS:-2})) busy found statement=KILL
  busy="AND command = 'Sleep' AND id NOT IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx)"
  while true; do
    (($(milliseconds) < until)) || busy=
    found=$(sql "$1" "SELECT id FROM information_schema.processlist WHERE id <> connection_id()
      AND user IN ($(literal "${user[source]}"), $(literal "${user[target]}")) AND command NOT LIKE 'Binlog Dump%' $busy") || exit 1
    if [[ -n $found ]]; then
      if is_managed "$1"; then statement="CALL mysql.rds_kill"; fi
      # One that has ended by itself is as good.
      sed "s/.*/$statement(&);/; s/^KILL(\(.*\))/KILL \1/" <<<"$found" | bulk_all "$1"
    elif [[ $(sql "$1" "SELECT count(*) FROM information_schema.processlist WHERE id <> connection_id()
      AND user IN ($(literal "${user[source]}"), $(literal "${user[target]}")) AND command NOT LIKE 'Binlog Dump%'") == 0 ]]; then
      return
    fi
    (($(milliseconds) < until + 30000)) || refuse "sessions of the application do not end"
    sleep 0.02
  done
}
bulk_all() {
  local words
  mapfile -t words < <(arguments "$1")
  client "$mysql" "${words[@]}" --batch --force >/dev/null 2>&1 || true
}

# Replication brings the counters along with the rows; what was given out and taken back is missing there.
counters() {
  sql "$1" "SELECT table_name, auto_increment FROM information_schema.tables
    WHERE table_schema = $(literal "$DATABASE") AND auto_increment IS NOT NULL ORDER BY 1"
}
counters_behind() {
  local ours theirs
  ours=$(counters "$1") || exit 1
  theirs=$(counters "$(other "$1")") || exit 1
  join -t $'\t' <(LC_ALL=C sort <<<"$ours") <(LC_ALL=C sort <<<"$theirs") | awk -F'\t' '$3 < $2'
}
has_sequences() {
  local found
  found=$(counters_behind "$1") || exit 1
  [[ -z $found ]]
}
copy_sequences() {
  local table ours
  while IFS=$'\t' read -r table ours _; do
    [[ -z $table ]] || printf 'ALTER TABLE %s AUTO_INCREMENT = %s;\n' "$(name "$table")" "$ours"
  done < <(counters_behind "$1") | sql "$(other "$1")"
}

base_tables() {
  sql "$1" "SELECT table_name FROM information_schema.tables
    WHERE table_schema = $(literal "$DATABASE") AND table_type = 'BASE TABLE' ORDER BY 1"
}
empty_tables() {
  local table
  {
    echo 'SET foreign_key_checks = 0;'
    while read -r table; do [[ -z $table ]] || printf 'TRUNCATE TABLE %s;\n' "$(name "$table")"; done < <(base_tables "$1")
    # Those come with the rows again.
    drops_of "$1" TRIGGER triggers trigger
    drops_of "$1" EVENT events event
    echo 'SET foreign_key_checks = 1;'
  } >"$work/empty"
  sql "$1" <"$work/empty"
}
# drops_of SIDE WORD TABLE PREFIX
drops_of() {
  sql "$1" "SELECT concat('DROP $2 \`', $4_name, '\`;') FROM information_schema.$3 WHERE $4_schema = $(literal "$DATABASE")"
}

# What is only there for replication; nothing here.
tidy() { :; }

dump() {
  local words
  mapfile -t words < <(arguments "$1")
  client "$mysqldump" "${words[@]}" --single-transaction --no-tablespaces --routines --events --hex-blob "$DATABASE" | gzip
}

# Each table with the expressions of its key and of a whole row, between tabs.
list() {
  sql "$1" "SELECT concat('\`', replace(c.table_name, '\`', '\`\`'), '\`'), concat('concat_ws(0x2c, ',
      coalesce(group_concat(IF(c.column_key = 'PRI', concat('quote(\`', c.column_name, '\`)'), NULL) ORDER BY c.ordinal_position),
        group_concat('quote(\`', c.column_name, '\`)' ORDER BY c.ordinal_position)), ')'),
      concat('concat_ws(0x2c, ', group_concat('quote(\`', c.column_name, '\`)' ORDER BY c.ordinal_position), ')')
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = $(literal "$DATABASE") AND t.table_type = 'BASE TABLE' GROUP BY c.table_name ORDER BY 1"
}
bucket() { echo "(conv(left(md5($1), 8), 16, 10) & 255)"; }

# sums SIDE TABLE KEY ROW: a checksum for each bucket of keys.
sums() {
  bulk "$1" <<<"SELECT $(bucket "$3"), count(*), sum(cast(conv(left(md5($4), 15), 16, 10) AS decimal(20)))
    FROM $2 GROUP BY 1 ORDER BY 1"
}

# rows SIDE TABLE KEY ROW BUCKETS: every row's key and content, as digests.
rows() { bulk "$1" <<<"SELECT md5($3), md5($4) FROM $2 WHERE $(bucket "$3") IN ($5)"; }

# Which counters are behind the columns that they serve; InnoDB sees to that itself.
behind_column() { :; }

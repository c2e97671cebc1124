# MySQL, and MariaDB where that runs instead: sessions, the schema's text, rows, and replication.
#
# Replication begins at a place in the binary log, which all versions know. MariaDB keeps its place safe from crashes
# only as a GTID, so there the place is translated into one; MySQL keeps it in a table. On RDS the procedures mysql.rds_*
# replace statements that need more rights than its users have. A server follows one other, so a direction needs no name.
#
# Nothing is taken from mysqldump: it writes FLOAT with six digits, and its text would have to be edited by patterns.
# Tables, views, routines, triggers and events come from SHOW CREATE, one line each; rows are read as SQL literals
# that lose no bit.
first_of() {
  local program
  for program; do
    if command -v "$program" >/dev/null; then echo "$program"; return; fi
  done
  echo "$1"
}
mysql=$(first_of mysql mariadb)

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
db=$(literal "$DATABASE")

# MariaDB's programs before 11.4 use TLS only when they are told to, and then refuse a server without it.
declare -A tls kind managed version settings
is_mariadb_client=$(client "$mysql" --version 2>/dev/null | grep -c MariaDB) || true
arguments() {
  printf '%s\n' --defaults-extra-file="$work/$1.cnf" --protocol=tcp -h "${host[$1]}" -P "${port[$1]}" --connect-timeout=10
  [[ -z ${tls[$1]:-} ]] || printf '%s\n' --ssl --skip-ssl-verify-server-cert
}
probe_tls() {
  local words
  [[ $is_mariadb_client != 0 ]] || return 0
  tls[$1]=1
  mapfile -t words < <(arguments "$1")
  client "$mysql" "${words[@]}" -e 'DO 0' </dev/null >/dev/null 2>&1 || tls[$1]=
}
# Some clients quote the statement that failed, and that may hold a password.
errors() { sed -nu '/^ERROR\|: \[ERROR\]/p' >&2; }

# session SIDE [OPTION...]: what the server sets for other sessions, such as limits of rows and of time, must not hold here.
session() {
  local words
  mapfile -t words < <(arguments "$1")
  client "$mysql" "${words[@]}" --batch --skip-column-names --raw --unbuffered --quick --comments --binary-mode \
    --max-allowed-packet=1G --default-character-set=utf8mb4 "${@:2}" --init-command="SET time_zone = '+00:00',
    sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', group_concat_max_len = 64000000,
    autocommit = 1, completion_type = 0, sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0,
    foreign_key_checks = 0, wait_timeout = 86400, net_read_timeout = 3600, net_write_timeout = 3600, lock_wait_timeout = 60
    /*M!100100 , max_statement_time = 0, check_constraint_checks = 0 */
    /*!80000 , max_execution_time = 0, information_schema_stats_expiry = 0, cte_max_recursion_depth = 100000 */
    ${settings[$1]:-}" "$DATABASE" 2> >(errors)
}
for side in source target; do
  probe_tls "$side"
  connect "$side"
done

# learn SIDE: whether it is MariaDB or MySQL, and whether RDS manages it. A side that does not answer is asked again
# when somebody needs it.
learn() {
  local text
  [[ -z ${kind[$1]:-} ]] || return 0
  text=$(sql "$1" "SELECT concat_ws(' ', (SELECT count(*) FROM information_schema.routines
    WHERE routine_schema = 'mysql' AND routine_name = 'rds_start_replication'), version())") || return 1
  managed[$1]=${text%% *}
  text=${text#* }
  kind[$1]=mysql version[$1]=${text%%-*}
  if [[ $text == *MariaDB* ]]; then kind[$1]=mariadb; fi
  # What an action does to prepare a side is not for the other side to follow. RDS does not allow to turn that off; there
  # it comes before the place at which the other side begins.
  if [[ ${kind[$1]}${managed[$1]} == mariadb0 ]]; then
    settings[$1]=", sql_log_bin = 0"
    sql "$1" "SET sql_log_bin = 0"
  fi
}
for side in source target; do
  may_fail=1 learn "$side" || [[ $action == settle ]] || refuse "the $side does not answer"
done
is_managed() { learn "$1" && [[ ${managed[$1]} == 1 ]]; }
is_mariadb() { learn "$1" && [[ ${kind[$1]} == mariadb ]]; }
# at_least SIDE VERSION
at_least() { [[ ${kind[$1]} != mariadb && $(printf '%s\n' "$2" "${version[$1]}" | sort -V | head -1) == "$2" ]]; }

# A table in the database scalectl says what a side is in the migration: target, retired, or trial while preflight tries
# the schema there. Beside it is what has to be undone: the accounts that were made.
mark_of() {
  local found
  found=$(sql "$1" "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'scalectl' AND table_name = 'mark'") || exit 1
  [[ $found == 0 ]] || sql "$1" "SELECT value FROM scalectl.mark"
}
mark() {
  sql "$1" <<SQL
CREATE DATABASE IF NOT EXISTS scalectl;
CREATE TABLE IF NOT EXISTS scalectl.mark (one int PRIMARY KEY, value varchar(20) NOT NULL);
CREATE TABLE IF NOT EXISTS scalectl.made (account varchar(700) PRIMARY KEY) CHARACTER SET latin1;
REPLACE INTO scalectl.mark VALUES (1, $(literal "$2"));
SQL
}
unmark() { sql "$1" "DROP DATABASE IF EXISTS scalectl"; }

# takes_writes SIDE: its disk has room for a megabyte, in a table that goes again. A database is made for it, and stays as
# the one that holds the mark does.
takes_writes() {
  sql "$1" <<'SQL'
CREATE DATABASE IF NOT EXISTS scalectl;
DROP TABLE IF EXISTS scalectl.room;
CREATE TABLE scalectl.room (id int PRIMARY KEY, x longblob NOT NULL) ENGINE = InnoDB;
INSERT INTO scalectl.room VALUES (1, repeat('x', 1000000));
DROP TABLE scalectl.room;
SQL
}

# A side's place in its binary log: file and offset.
position() {
  local shown file offset statement="SHOW MASTER STATUS"
  learn "$1" || exit 1
  if at_least "$1" 8.2; then statement="SHOW BINARY LOG STATUS"; fi
  shown=$(sql "$1" "$statement") || exit 1
  [[ -n $shown ]] || refuse "the $1 keeps no binary log"
  IFS=$'\t' read -r file offset _ <<<"$shown"
  echo "$file $offset"
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
declare -A column=([host]=2 [port]=4 [file]=10 [receives]=11 [applies]=12 [only]=17 [error]=20 [offset]=22 [seconds]=33
  [io_error]=36)
of_status() {
  local fields
  IFS=$US read -r -d '' -a fields <<<"${1//$'\t'/$US}" || true
  printf '%s\n' "${fields[${column[$2]} - 1]:-}"
}
has_subscription() {
  local shown
  shown=$(status_of "$1") || exit 1
  [[ -n $shown ]]
}

# Other databases of a server may be followed by nobody: their tables are not on the other side. RDS's parameters alone
# can say so there; preflight refuses that. A server forgets it when it starts again.
pattern=${DATABASE//\\/\\\\} pattern=${pattern//_/\\_} pattern=${pattern//%/\\%}.%
filter() {
  case ${kind[$1]}${managed[$1]} in
    mariadb0) echo "SET GLOBAL replicate_wild_do_table = $(literal "$pattern");" ;;
    mysql0) echo "CHANGE REPLICATION FILTER REPLICATE_WILD_DO_TABLE = ($(literal "$pattern"));" ;;
  esac
}
# filter_again FROM STATUS: whether it was missing.
filter_again() {
  local to
  to=$(other "$1")
  [[ -n $2 && ${managed[$to]} == 0 && -z $(of_status "$2" only) ]] || return 1
  sql "$to" "STOP REPLICA; $(filter "$to") START REPLICA"
}

# follow FROM FILE OFFSET: the other side follows from this place on.
follow() {
  local from=$1 file=$2 offset=$3 to name word gtid ssl=0
  to=$(other "$from")
  name=$(literal "${user[$to]}") word=$(literal "${password[$to]}")
  case ${kind[$to]}${managed[$to]} in
    *1)
      local set=rds_set_external_master
      if at_least "$to" 8.4; then set=rds_set_external_source; fi
      # As below, a line of its own for the word: an error quotes no more than the first.
      sql "$to" >/dev/null <<SQL
CALL mysql.$set('${host[$from]}', ${port[$from]}, $name,
  $word, '$file', $offset, 1);
SQL
      ;;
    mariadb0)
      # It reads the log, and gives up at a change that is larger than a session's packet.
      is_managed "$from" || sql "$from" "SET GLOBAL max_allowed_packet = 1073741824"
      gtid=$(bulk "$from" <<<"SELECT BINLOG_GTID_POS('$file', $offset)") || exit 1
      [[ $gtid != NULL ]] || refuse "the $from does not know the place $file $offset in its binary log"
      [[ $(sql "$from" "SELECT @@have_ssl") != YES ]] || ssl=1
      sql "$to" <<SQL
STOP REPLICA;
RESET REPLICA ALL;
$(filter "$to")
SET GLOBAL gtid_slave_pos = '$gtid';
CHANGE MASTER TO MASTER_HOST = '${host[$from]}', MASTER_PORT = ${port[$from]}, MASTER_USER = $name,
  MASTER_PASSWORD = $word, MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, MASTER_SSL = $ssl,
  MASTER_SSL_VERIFY_SERVER_CERT = 0;
SQL
      ;;
    mysql0)
      sql "$to" <<SQL
STOP REPLICA;
RESET REPLICA ALL;
$(filter "$to")
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

# copy FROM: its rows as of one moment on the other side, and in $work/place where its binary log was then. RDS lets
# nobody stop the whole server for that moment; its tables are enough. Triggers follow the rows, which they would otherwise
# change.
copy() {
  local from=$1 to job
  to=$(other "$from")
  # A value may be twice as long as a literal. RDS has a parameter for it, which preflight checks.
  for side in source target; do is_managed "$side" || sql "$side" "SET GLOBAL max_allowed_packet = 1073741824"; done
  # What came before in the log may be damaged, as after a full disk; MariaDB reads a file from its beginning to find a GTID.
  is_managed "$from" || sql "$from" "FLUSH BINARY LOGS"
  hold "$from"
  position "$from" >"$work/place"
  { rows_of "$from" | may_fail=1 bulk "$to" >"$work/out"; } &
  job=$!
  until [[ -e $work/begun ]] || ! kill -0 "$job" 2>/dev/null; do sleep 0.02; done
  sql "$from" "UNLOCK TABLES"
  wait "$job" || refuse "the rows were not copied"
  restore "$from" after
}

# hold SIDE: nothing is written to the application's tables until UNLOCK TABLES, or until this session ends. It gives way
# to a transaction that is open for long, because writers wait behind it.
hold() {
  local tables n
  tables=$(base_tables "$1" | while IFS= read -r table; do printf ', %s READ' "$(name "$table")"; done)
  [[ -n $tables ]] || return 0
  for n in {1..30}; do
    if may_fail=1 sql "$1" "SET lock_wait_timeout = 1; LOCK TABLES ${tables#, }; SET lock_wait_timeout = 60"; then return; fi
    say "a transaction is open; trying again to copy everything as of one moment (attempt $n)"
    sleep 2
  done
  refuse "the tables of the $1 are never without an open transaction for a moment; look for one in information_schema.innodb_trx"
}

# exact TEXT FLOAT DOUBLE NUMBER JSON PLAIN BYTES: the expression that loses nothing of a column, by its type; @ is the
# column. MySQL shows a DOUBLE column with 17 digits, and a DOUBLE that was calculated with as many as fit into 22 signs.
exact() {
  local words=("${@//\'/\'\'}")
  printf "CASE WHEN data_type = 'float' THEN '%s' WHEN data_type = 'double' THEN '%s'
    WHEN data_type IN ('enum', 'set', 'bit', 'year') THEN '%s' WHEN data_type = 'json' THEN '%s'
    WHEN data_type IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal') THEN '%s'
    WHEN data_type IN ('date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6') THEN '%s' ELSE '%s' END" \
    "${words[1]}" "${words[2]}" "${words[3]}" "${words[4]}" "${words[5]}" "${words[0]}" "${words[6]}"
}
# columns_of VALUE TYPES: a table x of the columns of tables of these types: number n, name c, expression v, table t.
columns_of() {
  echo "(SELECT concat('\`', replace(table_name, '\`', '\`\`'), '\`') t, ordinal_position n, column_key k,
    concat('\`', replace(column_name, '\`', '\`\`'), '\`') c, generation_expression g, $1 v
    FROM information_schema.columns WHERE table_schema = $db AND binary table_name IN
      (SELECT binary table_name FROM information_schema.tables WHERE table_schema = $db AND table_type IN ($2))) x"
}

# rows_of FROM: INSERT statements with every row, all as of one moment, at which $work/begun is made. Each row is a line:
# what the client puts between columns is a tab, and that is a space to SQL.
rows_of() {
  local from=$1 value
  value=$(exact "ifnull(concat('''', @, ''''), 'NULL')" \
    "ifnull(IF(@ = 0 AND atan2(@, -1) < 0, '-1e-60', concat('''', @ * 1e0, '''')), 'NULL')" \
    "ifnull(concat('''', @, ''''), 'NULL')" "ifnull(@ + 0, 'NULL')" \
    "ifnull(concat('_utf8mb4 x''', hex(@), ''''), 'NULL')" "ifnull(@, 'NULL')" "ifnull(concat('x''', hex(@), ''''), 'NULL')")
  sql "$from" "SELECT concat('SELECT ', quote(concat(char(31), 'INSERT INTO ', max(t), ' (', group_concat(c ORDER BY n), ') VALUES')), ';
    SELECT ', quote('('), ', ', group_concat(replace(v, '@', c) ORDER BY n SEPARATOR ', '','', '), ', ', quote(')'), ' FROM ', max(t), ';')
    FROM $(columns_of "$value" "'BASE TABLE', 'SEQUENCE'") WHERE coalesce(g, '') = '' GROUP BY binary t" >"$work/select"
  {
    echo "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT char(31);"
    cat "$work/select"
    echo "SELECT char(31);"
  } >"$work/select.sql"
  session "$from" <"$work/select.sql" | LC_ALL=C awk -v begun="$work/begun" '
    function flush() { if (length(rows)) print head "\n" rows ";"; rows = "" }
    /^\037/ {flush(); head = substr($0, 2); if (!began) {printf "" >begun; close(begun)}; began++; if (head == "") ended = began; next}
    {rows = length(rows) ? rows ",\n" $0 : $0; if (length(rows) > 1000000) flush()}
    END {if (ended < 2) print "the rows of the source were cut off;"}'
}

# definitions SIDE KIND...: two lines for each object: its kind and name, between the unit separator; and what SHOW
# CREATE shows, in the character set that its author used, with \n, \t and \\ for those signs.
definitions() {
  local side=$1 wanted
  wanted=$(printf "'%s'," "${@:2}")
  sql "$side" "SELECT concat('SET character_set_results = ', cs, '; SELECT ', quote(concat_ws(char(31), '', kind, name, cs)), ';
    SHOW CREATE ', kind, ' \`', replace(name, '\`', '\`\`'), '\`;') FROM (
      SELECT CASE table_type WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE 'TABLE' END kind, table_name name,
        'utf8mb4' cs, 0 place FROM information_schema.tables WHERE table_schema = $db AND table_type <> 'VIEW'
      UNION ALL SELECT 'VIEW', table_name, character_set_client, 0 FROM information_schema.views WHERE table_schema = $db
      UNION ALL SELECT routine_type, routine_name, character_set_client, 0 FROM information_schema.routines WHERE routine_schema = $db
      UNION ALL SELECT 'TRIGGER', trigger_name, character_set_client, action_order FROM information_schema.triggers WHERE trigger_schema = $db
      UNION ALL SELECT 'EVENT', event_name, character_set_client, 0 FROM information_schema.events WHERE event_schema = $db) x
    WHERE kind IN (${wanted%,}) ORDER BY field(kind, ${wanted%,}), place, name" >"$work/show.$side" || return 1
  session "$side" --skip-raw <"$work/show.$side"
}
kinds_before=(SEQUENCE TABLE FUNCTION PROCEDURE PACKAGE 'PACKAGE BODY' VIEW) kinds_after=(TRIGGER EVENT)

# What two programs begin with. SHOW CREATE's own DEFINER clause is at one place, before any text of the author's. That
# of the application's logins and of root is the administrator's of each side.
# shellcheck disable=SC2016 # programs of awk and text with backticks
read_definitions='
  function plain(text) { gsub(/\\\\/, "\001\002\001", text); gsub(/\\n/, "\n", text); gsub(/\\t/, "\t", text)
    gsub(/\001\002\001/, "\\", text); return text }
  function definer_of(text) {
    before = match(text, /^CREATE ALGORITHM=[A-Z]+ /) ? substr(text, 1, RLENGTH) : "CREATE "
    rest = substr(text, length(before) + 1)
    # Quoted as the sql_mode of the object is.
    if (index(text, before) != 1 ||
      (!match(rest, /^DEFINER=`([^`]|``)*`(@`([^`]|``)*`)? /) && !match(rest, /^DEFINER="([^"]|"")*"(@"([^"]|"")*")? /))) return ""
    owner = substr(rest, 9, RLENGTH - 9); rest = substr(rest, RLENGTH + 1)
    if (sub(/^"/, "`", owner)) {sub(/"@"/, "`@`", owner); sub(/"$/, "`", owner)}
    return owner }
  BEGIN {FS = "\t"; count = split(logins, list, "\t"); for (i = 1; i <= count; i++) login[list[i]] = 1}
  /^\037/ {split($0, mark, "\037"); kind = mark[2]; name = mark[3]; charset = mark[4]; next}
  {create = kind ~ /TABLE|SEQUENCE|VIEW/ ? 2 : kind == "EVENT" ? 4 : 3; owner = definer_of($create)}
'
supers=
# shellcheck disable=SC2016
read_with() {
  LC_ALL=C awk -v logins="$supers	\`root\`	$(for side in source target; do printf '`%s`\t`%s`\t' "${user[$side]}" "${admin[$side]}"; done)" "$@"
}

# script_of FROM WHEN: as $work/restore.sql the source's objects, before its rows or, what acts on rows, after them; and as
# $work/views its views, those that others need first. $work/keep has the accounts under which an object can stay.
# shellcheck disable=SC2016
script_of() {
  local from=$1 wanted=("${kinds_before[@]}") own
  if [[ $2 == after ]]; then wanted=("${kinds_after[@]}"); fi
  own=$(sql "$from" "SELECT concat_ws(' ', 'CHARACTER SET', default_character_set_name, 'COLLATE', default_collation_name)
    FROM information_schema.schemata WHERE schema_name = $db")
  definitions "$from" "${wanted[@]}" >"$work/definitions"
  : >"$work/views"
  database=$(name "$DATABASE") read_with -v keep="$work/keep" -v views="$work/views" -v own="$own" -v limit="end-$RANDOM$RANDOM" "$read_definitions"'
    function home_is(collation) {if (collation != at) print "ALTER DATABASE " ENVIRON["database"] " COLLATE " collation ";"; at = collation}
    BEGIN {while ((getline line <keep) > 0) kept[line] = 1; print "ALTER DATABASE " ENVIRON["database"] " " own ";"
      at = own; sub(/.* /, "", at); first = at}
    {text = plain($create)
     if (owner != "" && !(owner in kept) && !("all" in kept)) text = before plain(rest)
     if (text == "NULL") {print "the text of " kind " " name " may not be read;"; exit}
     stored = kind !~ /TABLE|SEQUENCE|VIEW/
     collation = stored ? $(create + 2) : kind == "VIEW" ? $4 : "utf8mb4_general_ci"
     text = "SET sql_mode = \047" (stored ? $2 : "NO_ENGINE_SUBSTITUTION") "\047, time_zone = \047" (kind == "EVENT" ? $3 : "+00:00") \
       "\047, character_set_client = " charset ", collation_connection = " collation ";\nDELIMITER " limit "\n" text "\n" limit "\nDELIMITER ;"
     if (stored) home_is($(create + 3))
     if (kind == "VIEW") view[name] = text
     else print text}
    END {home_is(first)
      for (progress = 1; progress; progress = moved) {
        moved = 0
        for (name in view) {
          ready = 1
          for (other in view) if (other != name && index(view[name], "`" other "`")) {ready = 0; break}
          if (ready) {print view[name] >views; delete view[name]; moved = 1; break}
        }
      }
      for (name in view) print view[name] >views}' "$work/definitions" >"$work/restore.sql"
}
# restore FROM WHEN: makes them on the other side.
restore() {
  local from=$1 to errors=1000000 before
  to=$(other "$from")
  keepable "$from" >"$work/keep"
  script_of "$from" "$2"
  may_fail=1 bulk "$to" <"$work/restore.sql" >"$work/out" || refuse "the objects of the $from cannot be created on the $to"
  # Names alone do not always tell which view needs which.
  while [[ -s $work/views ]]; do
    before=$errors
    session "$to" --force <"$work/views" >"$work/out" 2>"$work/errors" || true
    errors=$(errors_of "$work/errors")
    ((errors)) || return 0
    ((errors < before)) || { sed 's/^ERROR/error: ERROR/' "$work/errors" >&2; refuse "the views of the $from cannot be created on the $to"; }
    sed -i 's/^CREATE ALGORITHM=/CREATE OR REPLACE ALGORITHM=/' "$work/views"
  done
}
# The filter of errors may end a moment after the client.
errors_of() { sleep 0.2; grep -c ^ERROR "$1" || true; }

# The accounts under which an object can stay: they are on the other side, and its login may name them.
keepable() {
  local to
  to=$(other "$1")
  may_name "$to" || return 0
  sql "$to" "SELECT concat('\`', replace(user, '\`', '\`\`'), '\`@\`', host, '\`') FROM mysql.user"
}
# Whether a side's administrator may make what runs as somebody else.
may_name() {
  local shown
  shown=$(sql "$1" "SHOW GRANTS; SELECT privilege_type FROM information_schema.user_privileges
    WHERE grantee LIKE '\\'rds\\\\_superuser\\\\_role\\'@%'")
  grep -qE 'SUPER|SET USER|SET_USER_ID|SET_ANY_DEFINER|ALL PRIVILEGES ON \*\.\*' <<<"$shown"
}

# objects SIDE: what should be equal on both sides, one line for each thing that has a name.
# shellcheck disable=SC2016
objects() {
  local side=$1 supers
  supers=$(sql "$side" "SELECT group_concat(DISTINCT concat('\`', replace(user, '\`', '\`\`'), '\`') SEPARATOR '\t') FROM mysql.user WHERE super_priv = 'Y'")
  sql "$side" "SELECT concat('database ', schema_name, ': ', default_character_set_name, ' ', default_collation_name)
    FROM information_schema.schemata WHERE schema_name = $db"
  database_comment "$side" | sed "s/%/%25/g; s/:/%3A/g; s/^/comment on the database: /"
  privileges "$side" | sed "s/%/%25/g; s/:/%3A/g; s/^/grants of /; s/$US/ on /; s/$US/: /; s/$US/ /g"
  definitions "$side" "${kinds_before[@]}" "${kinds_after[@]}" | read_with "$read_definitions"'
    function show(what, text) { gsub(/%/, "%25", text); gsub(/:/, "%3A", text); print what ": " text }
    # Each line of a table is a column, an index, a constraint, or the table itself.
    kind == "TABLE" {
      gsub(/\\\\/, "\001", $2); count = split($2, part, /\\n/); tail = order = ""
      for (i = 2; i <= count; i++) {
        line = part[i]; sub(/,$/, "", line)
        if (match(line, /^  `([^`]|``)*`/)) {
          item = substr(line, 4, RLENGTH - 4); order = order " " item; show("column " name "." item, substr(line, RLENGTH + 1)) }
        else if (match(line, /^  (UNIQUE |FULLTEXT |SPATIAL )?KEY `([^`]|``)*`/)) {
          item = substr(line, 1, RLENGTH); sub(/^[^`]*`/, "", item); sub(/`$/, "", item); show("index " name "." item, line) }
        else if (line ~ /^  PRIMARY KEY/) show("primary key of " name, line)
        else if (match(line, /^  CONSTRAINT `([^`]|``)*`/)) show("constraint " name "." substr(line, 15, RLENGTH - 15), line)
        else { sub(/ AUTO_INCREMENT=[0-9]+/, "", line); tail = tail " " line }
      }
      show("table " name, tail " columns" order); next }
    {text = $create; runs = ""
     if (owner != "") {text = before rest; split(owner, who, /`@`/); sub(/`?$/, "`", who[1])
       runs = " as " (who[1] in login ? "the login" : owner)}
     for (i = 2; i <= NF; i++) if (i != create && !(kind == "TRIGGER" && i > 6)) text = text " " $i
     show(tolower(kind) " " name, text runs)}'
}

# accounts SIDE: a condition for mysql.user u: the accounts of people and programs beside the application's logins and the
# administrators, that may do something in this database, or as whom something in it runs.
logins="$(literal "${admin[source]}"), $(literal "${admin[target]}"), $(literal "${user[source]}"), $(literal "${user[target]}")"
grantee="concat('''', u.user, '''@''', u.host, '''')"
data="'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'EXECUTE', 'SHOW VIEW', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES', 'TRIGGER', 'EVENT', 'CREATE TEMPORARY TABLES',
  'LOCK TABLES', 'CREATE VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'DELETE HISTORY', 'SHOW CREATE ROUTINE'"
people="u.user NOT IN ('root', 'scalectl', 'mysql', 'debian-sys-maint', 'healthcheck', '', $logins) AND u.user NOT LIKE 'rds%'
  AND u.user NOT LIKE 'mysql.%' AND u.user NOT LIKE 'mariadb.%' AND u.super_priv <> 'Y'"
definers_of() {
  echo "SELECT 'view' kind, table_name name, definer, security_type security FROM information_schema.views WHERE table_schema = $db
    UNION ALL SELECT lower(routine_type), routine_name, definer, security_type FROM information_schema.routines WHERE routine_schema = $db
    UNION ALL SELECT 'trigger', trigger_name, definer, 'DEFINER' FROM information_schema.triggers WHERE trigger_schema = $db
    UNION ALL SELECT 'event', event_name, definer, 'DEFINER' FROM information_schema.events WHERE event_schema = $db"
}
# privileges SIDE: account, object, privileges, and whether it may pass them on, between unit separators. A right to every
# database of a server is shown as one to this.
privileges() {
  local all
  all="SELECT grantee, 'database' o, privilege_type p, is_grantable g FROM information_schema.schema_privileges WHERE $db LIKE table_schema
    UNION SELECT grantee, 'database', privilege_type, is_grantable FROM information_schema.user_privileges WHERE privilege_type IN ($data)
    UNION SELECT grantee, 'server', privilege_type, is_grantable FROM information_schema.user_privileges WHERE privilege_type NOT IN ($data)
    UNION SELECT grantee, concat('TABLE ', table_name), privilege_type, is_grantable FROM information_schema.table_privileges WHERE table_schema = $db
    UNION SELECT grantee, concat('TABLE ', table_name), concat(privilege_type, ' (\`', replace(column_name, '\`', '\`\`'), '\`)'), is_grantable
      FROM information_schema.column_privileges WHERE table_schema = $db
    UNION SELECT concat('''', user, '''@''', host, ''''), concat(routine_type, ' ', routine_name), replace(upper(proc_priv), ',GRANT', ''),
      IF(find_in_set('Grant', proc_priv), 'YES', 'NO') FROM mysql.procs_priv WHERE db = $db"
  sql "$1" "SELECT concat_ws(char(31), max(grantee), max(o), group_concat(DISTINCT p ORDER BY p SEPARATOR ', '), max(g)) FROM ($all) x
    JOIN mysql.user u ON binary grantee = binary $grantee WHERE p <> 'USAGE' AND p <> '' AND $people GROUP BY binary grantee, binary o ORDER BY 1"
}
# copy_accounts FROM: on the other side, with the passwords that they have. What is made is noted, so that it can go.
copy_accounts() {
  local from=$1 to account
  to=$(other "$from")
  {
    privileges "$from" | cut -d "$US" -f 1
    sql "$from" "SELECT DISTINCT $grantee FROM ($(definers_of)) d JOIN mysql.user u ON concat(u.user, '@', u.host) = d.definer WHERE $people"
  } | sort -u >"$work/accounts"
  [[ -s $work/accounts ]] || return 0
  while IFS= read -r account; do
    if [[ $account == "'PUBLIC'@''" ]]; then
      :
    elif is_role "$from" "$account"; then
      printf 'CREATE ROLE IF NOT EXISTS %s;\n' "${account%@*}" >&8
    else
      printf '%s\n' "SHOW CREATE USER $account;"
    fi
    printf 'REPLACE INTO scalectl.made SELECT %s FROM dual WHERE NOT EXISTS (SELECT 1 FROM mysql.user u WHERE %s = %s);\n' \
      "$(literal "$account")" "$grantee" "$(literal "$account")" >&8
  done <"$work/accounts" >"$work/show.sql" 8>"$work/made.sql"
  {
    grep '^REPLACE' "$work/made.sql"
    grep '^CREATE' "$work/made.sql" || true
    { is_mariadb "$from" || echo 'SET print_identified_with_as_hex = ON;'; cat "$work/show.sql"; } | bulk "$from" |
      sed 's/^CREATE USER /CREATE USER IF NOT EXISTS /; s/$/;/'
  } >"$work/accounts.sql"
  may_fail=1 bulk "$to" <"$work/accounts.sql" >"$work/out" || refuse "these accounts of the $from cannot be made on the $to: $(some "$(<"$work/accounts")")"
}
# copy_grants FROM: what those accounts may do, when the objects are there.
copy_grants() {
  local from=$1 account object rights grantable to
  to=$(other "$from")
  {
    privileges "$from" | while IFS=$US read -r account object rights grantable; do
      case $object in
        database) object="$(name "${pattern%.%}").*" ;;
        server) object="*.*" ;;
        *) object="${object%% *} $(name "$DATABASE").$(name "${object#* }")" ;;
      esac
      ! is_role "$from" "$account" || account=$(role_of "$account")
      printf 'GRANT %s ON %s TO %s%s;\n' "$rights" "$object" "$account" "$([[ $grantable != YES ]] || echo ' WITH GRANT OPTION')"
    done
    edges "$from"
  } >"$work/grants.sql"
  may_fail=1 bulk "$to" <"$work/grants.sql" >"$work/out" || refuse "the grants of the $from cannot be made on the $to"
}
is_role() { is_mariadb "$1" && [[ $2 == *"@''" ]]; }
# role_of ACCOUNT: everybody is a word of MariaDB's from 10.11 on.
role_of() { if [[ ${1%@*} == "'PUBLIC'" ]]; then echo PUBLIC; else printf '%s\n' "${1%@*}"; fi; }
# edges FROM: who has which role, and which of them from the beginning of a session on; who may act as whom.
edges() {
  local roles defaults proxies
  if is_mariadb "$1"; then
    roles="SELECT concat('GRANT ', quote(role), ' TO ', quote(user), IF(host = '', '', concat('@', quote(host))),
      IF(admin_option = 'Y', ' WITH ADMIN OPTION', ''), ';'), concat(quote(role), '@'''''), concat(quote(user), '@', quote(host)) FROM mysql.roles_mapping"
    defaults="SELECT concat('SET DEFAULT ROLE ', quote(default_role), ' FOR ', quote(user), '@', quote(host), ';'),
      concat(quote(default_role), '@'''''), concat(quote(user), '@', quote(host)) FROM mysql.user WHERE default_role <> ''"
  else
    roles="SELECT concat('GRANT ', quote(from_user), '@', quote(from_host), ' TO ', quote(to_user), '@', quote(to_host),
      IF(with_admin_option = 'Y', ' WITH ADMIN OPTION', ''), ';'), concat(quote(from_user), '@', quote(from_host)),
      concat(quote(to_user), '@', quote(to_host)) FROM mysql.role_edges"
    defaults="SELECT concat('ALTER USER ', quote(user), '@', quote(host), ' DEFAULT ROLE ',
      group_concat(concat(quote(default_role_user), '@', quote(default_role_host)) SEPARATOR ', '), ';'),
      min(concat(quote(default_role_user), '@', quote(default_role_host))), concat(quote(user), '@', quote(host)) FROM mysql.default_roles GROUP BY user, host"
  fi
  proxies="SELECT concat('GRANT PROXY ON ', quote(proxied_user), '@', quote(proxied_host), ' TO ', quote(user), '@', quote(host),
      IF(with_grant, ' WITH GRANT OPTION', ''), ';'), concat(quote(proxied_user), '@', quote(proxied_host)), concat(quote(user), '@', quote(host))
    FROM mysql.proxies_priv"
  { sql "$1" "$roles"; sql "$1" "$defaults"; sql "$1" "$proxies"; } |
    awk -F'\t' -v accounts="$work/accounts" 'BEGIN {while ((getline line <accounts) > 0) here[line] = 1} here[$2] && here[$3] {print $1}'
}
# What an earlier copy made.
drop_accounts() {
  local found
  found=$(sql "$1" "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'scalectl' AND table_name = 'made'") || exit 1
  [[ $found != 0 ]] || return 0
  sql "$1" "SELECT CASE WHEN account = '\'PUBLIC\'@\'\'' THEN 'REVOKE ALL, GRANT OPTION FROM PUBLIC'
      WHEN account LIKE '%@\'\'' THEN concat('DROP ROLE IF EXISTS ', substring_index(account, '@', 1))
      ELSE concat('DROP USER IF EXISTS ', account) END FROM scalectl.made" |
    sed 's/$/;/' >"$work/drop"
  sql "$1" <"$work/drop"
}

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

# unfollow SIDE: a server leaves out what has its own number, so nothing comes back to it.
unfollow() { :; }

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
  local from=$1 until=$((SECONDS + $3)) why
  until has_reached "$from" "$2"; do
    why=$(why_behind "$from") || exit 1
    # A lost connection is tried again by itself.
    [[ -z $why || $why == *'does not read'* ]] || refuse "$why"
    ((SECONDS <= until)) || refuse "the $(other "$from") is still behind after $3 seconds${why:+; $why}"
    sleep 0.02
  done
}

# Why the other side does not follow: a change that it could not carry out stops it for good.
why_behind() {
  local shown to
  to=$(other "$1")
  shown=$(status_of "$1") || exit 1
  if filter_again "$1" "$shown"; then
    sleep 0.5
    shown=$(status_of "$1") || exit 1
  fi
  if [[ -z $shown ]]; then
    echo "the $to does not follow the $1"
  elif [[ -n $(of_status "$shown" error) ]]; then
    echo "the $to cannot apply a change: $(of_status "$shown" error)"
  elif [[ $(of_status "$shown" receives) == No && $(of_status "$shown" io_error) =~ ' 1236 '|'could not queue' ]]; then
    # MariaDB leaves a part of a change in its log when a session is ended while it waits for room on a full disk.
    echo "the $to cannot read on in the $1's binary log: $(of_status "$shown" io_error). The log is damaged or gone there, so" \
      "the rows have to be copied again: scalectl migrate --rollback, then the migration again"
  elif [[ $(of_status "$shown" receives) != Yes && -n $(of_status "$shown" io_error) ]]; then
    echo "the $to does not read the $1's changes: $(of_status "$shown" io_error)"
  elif [[ $(of_status "$shown" applies) == No || $(of_status "$shown" receives) == No ]]; then
    echo "replication is stopped on the $to"
  elif [[ $(of_status "$shown" receives) != Yes ]]; then
    echo "the $to does not read the $1's changes yet: it is connecting"
  fi
}
# Whether the other side follows; its copy was complete before it began to.
is_synced() {
  local shown
  shown=$(status_of "$1") || exit 1
  [[ $(of_status "$shown" receives) == Yes && $(of_status "$shown" applies) == Yes ]]
}
lag_bytes() {
  local at end
  at=$(reached "$1") end=$(position "$1")
  sql "$1" "SHOW BINARY LOGS" | awk -v at="${at% *}" -v offset="${at#* }" -v end="${end#* }" -v last="${end% *}" '
    $1 == at {seen = 1} seen && $1 != last {sum += $2} END {lag = seen ? sum + end - offset : 1e15; printf "%d\n", (lag > 0 ? lag : 0)}'
}
lag_seconds() {
  local shown seconds
  shown=$(status_of "$1") || exit 1
  seconds=$(of_status "$shown" seconds)
  if [[ $seconds =~ ^[0-9]+$ ]] && is_synced "$1"; then echo "$seconds"; else echo null; fi
}

# unreplicated FROM: what the other side would not get: a filter that somebody set.
unreplicated() {
  local from=$1 to shown statement="SHOW MASTER STATUS"
  to=$(other "$from")
  if at_least "$from" 8.2; then statement="SHOW BINARY LOG STATUS"; fi
  sql "$from" "$statement" | awk -F'\t' -v side="$from" '
    $3 != "" {print "everything but binlog_do_db " $3 " of the " side} $4 != "" {print "binlog_ignore_db " $4 " of the " side}'
  shown=$(status_of "$from") || exit 1
  printf '%s\n' "$shown" | tr '\n' ' ' | cut -f 13-18 | awk -F'\t' -v side="$to" -v ours="$pattern" '
    {text = $1 $2 $3 $4; wild = $6; gsub(/mysql\.rds%,?/, "", wild); if ($5 != "" && $5 != ours) text = text $5; text = text wild
     gsub(/^[ ,]+|[ ,]+$/, "", text); if (text != "") print "what a replication filter of the " side " leaves out (" text ")"}'
}

# blockers FROM: what forbids a switch now. A prepared transaction would be lost with the side that prepared it.
blockers() {
  local statement="XA RECOVER CONVERT XID;"
  ! is_mariadb "$1" || statement="XA RECOVER FORMAT = 'SQL';"
  # Not everybody may ask, and a refusal ends a session. A server that is away refuses nothing.
  if [[ ! -e $work/xa.$1 ]]; then
    if session "$1" <<<"$statement" >/dev/null 2>&1; then echo yes >"$work/xa.$1"; else sql "$1" "DO 0"; : >"$work/xa.$1"; fi
  fi
  [[ ! -s $work/xa.$1 ]] || sql "$1" "$statement" | awk -F'\t' '
    $4 ~ /^0x/ {id = substr($4, 3); $4 = "0x" substr(id, 1, 2 * $2) ($3 > 0 ? ",0x" substr(id, 2 * $2 + 1) : ",\047\047") "," $1}
    {print "a prepared transaction (XA COMMIT " $4 "; or XA ROLLBACK " $4 ";)"}'
  sql "$1" "SELECT concat('event ', event_name, ' would run on both sides (ALTER EVENT \`', replace(event_name, '\`', '\`\`'), '\` DISABLE;)')
    FROM information_schema.events WHERE event_schema = $db AND status = 'ENABLED'"
}

# prepare_switch FROM: statistics come by themselves. The application keeps its login through a switch, with the password that
# it has now.
prepare_switch() { guest "$(other "$1")"; }

# No writer that the proxy does not know either; replication may still write. RDS does not allow it.
fence() {
  patience=$(($(milliseconds) + 1000 * ${DRAIN_SECONDS:-2}))
  learn "$1" || exit 1
  case ${kind[$1]}${managed[$1]} in
    mysql0) refuse_writes "$1" "SET PERSIST read_only = ON" ;;
    mariadb0) refuse_writes "$1" "SET GLOBAL read_only = ON" ;;
    *) say "the $1 is on RDS and cannot be made read-only: only the proxy keeps writers away" ;;
  esac
}
# refuse_writes SIDE STATEMENT: a server becomes read-only between statements, and holds back new ones until then. One that
# waits for a row whose holder is held back would wait until innodb_lock_wait_timeout, and no server sees such a circle. So
# this gives way after a second, and there are as few sessions as possible by then.
refuse_writes() {
  local n
  for n in {1..20}; do
    until none_left "$1" || (($(milliseconds) >= patience)); do sleep 0.11; done
    if may_fail=1 sql "$1" "SET lock_wait_timeout = 1; $2; SET lock_wait_timeout = 60"; then return; fi
    say "statements run on the $1; trying again to refuse writes (attempt $n)"
  done
  refuse "the $1 does not become read-only; look for what runs long in information_schema.processlist"
}
unfence() {
  learn "$1" || exit 1
  case ${kind[$1]}${managed[$1]} in
    mysql0) sql "$1" "SET PERSIST read_only = OFF" ;;
    mariadb0) sql "$1" "SET GLOBAL read_only = OFF" ;;
  esac
}
settle_side() { unfence "$1"; }

# none_left SIDE: whether the application has no session any more. Ends them as they become idle, so that nothing in flight is
# lost; what is busy when `patience` has passed is ended too. One that is being ended writes nothing any more: it rolls back,
# which may take long. Not to be called more often than every 100 ms: innodb_trx is not brought up to date before.
none_left() {
  local busy found statement=KILL writers
  writers="FROM information_schema.processlist WHERE id <> connection_id() AND command NOT IN ('Killed', 'Daemon', 'Connect', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Query replica')
    AND command NOT LIKE 'Binlog Dump%' AND user NOT IN ('system user', 'event_scheduler', 'rdsadmin', 'unauthenticated user') AND coalesce(state, '') NOT LIKE 'Waiting for%replication%'
    AND (user IN ($logins) OR db = $db)"
  busy="AND command = 'Sleep' AND id NOT IN (SELECT trx_mysql_thread_id FROM information_schema.innodb_trx)"
  (($(milliseconds) < patience)) || busy=
  found=$(sql "$1" "SELECT id $writers $busy") || exit 1
  if [[ -n $found ]]; then
    if is_managed "$1"; then statement="CALL mysql.rds_kill"; fi
    # One that has ended by itself is as good.
    sed "s/.*/$statement(&);/; s/^KILL(\(.*\))/KILL \1/" <<<"$found" | session "$1" --force >/dev/null 2>&1 || true
    return 1
  fi
  found=$(sql "$1" "SELECT count(*) $writers") || exit 1
  [[ $found == 0 ]]
}
drain() {
  patience=${patience:-$(($(milliseconds) + 1000 * ${DRAIN_SECONDS:-2}))}
  until none_left "$1"; do
    if (($(milliseconds) >= patience + 10000)); then
      # Whoever cannot be ended cannot write either where the server itself refuses writes.
      is_managed "$1" || { say "sessions of the application do not end; the $1 refuses their writes"; return 0; }
      refuse "sessions of the application do not end"
    fi
    sleep 0.11
  done
}

# Replication brings the counters along with the rows; what was given out and taken back is missing there. Sequences of
# MariaDB are tables of one row.
counters() {
  sql "$1" "SELECT table_name, auto_increment FROM information_schema.tables
    WHERE table_schema = $db AND table_type = 'BASE TABLE' AND auto_increment IS NOT NULL ORDER BY 1"
}
counters_behind() {
  local ours theirs
  ours=$(counters "$1") || exit 1
  theirs=$(counters "$(other "$1")") || exit 1
  LC_ALL=C join -t $'\t' <(LC_ALL=C sort <<<"${ours//$'\t'/$US}" | awk -F"$US" -v OFS='\t' '{n = $NF; sub("\037[^\037]*$", ""); gsub("\037", "\036"); print $0, n}' | LC_ALL=C sort) \
    <(LC_ALL=C sort <<<"${theirs//$'\t'/$US}" | awk -F"$US" -v OFS='\t' '{n = $NF; sub("\037[^\037]*$", ""); gsub("\037", "\036"); print $0, n}' | LC_ALL=C sort) |
    awk -F'\t' 'length($3) < length($2) || (length($3) == length($2) && $3 "" < $2 "")'
}
sequences() {
  local statement
  is_mariadb "$1" || return 0
  statement=$(sql "$1" "SELECT concat('SELECT concat_ws(char(31), ', quote(concat('\`', replace(table_name, '\`', '\`\`'), '\`')),
    ', concat_ws('','', next_not_cached_value, minimum_value, maximum_value, start_value, increment, cache_size, cycle_option, cycle_count)) FROM \`', replace(table_name, '\`', '\`\`'), '\`;')
    FROM information_schema.tables WHERE table_schema = $db AND table_type = 'SEQUENCE' ORDER BY table_name") || exit 1
  sql "$1" "$statement"
}
has_sequences() {
  local found ours theirs
  found=$(counters_behind "$1") || exit 1
  ours=$(sequences "$1") || exit 1
  theirs=$(sequences "$(other "$1")") || exit 1
  [[ -z $found && $ours == "$theirs" ]]
}
copy_sequences() {
  local table ours behind
  behind=$(counters_behind "$1") || exit 1
  {
    while IFS=$'\t' read -r table ours _; do
      [[ -z $table ]] || printf 'ALTER TABLE %s AUTO_INCREMENT = %s;\n' "$(name "${table//$'\036'/$'\t'}")" "$ours"
    done <<<"$behind"
    sequences "$1" | while IFS=$US read -r table ours; do printf 'INSERT INTO %s VALUES (%s);\n' "$table" "$ours"; done
  } | sql "$(other "$1")"
}

base_tables() {
  sql "$1" "SELECT table_name FROM information_schema.tables WHERE table_schema = $db AND table_type = 'BASE TABLE' ORDER BY 1"
}
# drops_of SIDE WORD TABLE PREFIX
drops_of() {
  sql "$1" "SELECT concat('DROP $2 \`', replace($4_name, '\`', '\`\`'), '\`;') FROM information_schema.$3 WHERE $4_schema = $db"
}
empty_tables() {
  local table
  {
    while IFS= read -r table; do printf 'TRUNCATE TABLE %s;\n' "$(name "$table")"; done < <(base_tables "$1")
    # Those come with the rows again.
    drops_of "$1" TRIGGER triggers trigger
    drops_of "$1" EVENT events event
  } >"$work/empty"
  bulk "$1" <"$work/empty" >"$work/out"
}
# empty SIDE: what the database holds goes; the database stays.
empty() {
  {
    sql "$1" "SELECT concat('DROP ', CASE table_type WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE 'TABLE' END,
        ' IF EXISTS \`', replace(table_name, '\`', '\`\`'), '\`;') FROM information_schema.tables WHERE table_schema = $db
      ORDER BY table_type = 'SEQUENCE'"
    ! is_mariadb "$1" || echo "SET sql_mode = 'ORACLE';"
    sql "$1" "SELECT concat('DROP ', routine_type, ' IF EXISTS \`', replace(routine_name, '\`', '\`\`'), '\`;')
      FROM information_schema.routines WHERE routine_schema = $db AND routine_type <> 'PACKAGE BODY'"
    drops_of "$1" EVENT events event
  } >"$work/empty"
  bulk "$1" <"$work/empty" >"$work/out"
}

# The application keeps its login when it is switched to the other side, and gets that side's own later, when its servers
# start again; so both logins have to work on both sides. The other side's login is also what replication uses.
guest() {
  local side=$1 guest word
  guest="$(literal "${user[$(other "$side")]}")@'%'" word=$(literal "${password[$(other "$side")]}")
  sql "$side" <<SQL
CREATE USER IF NOT EXISTS $guest IDENTIFIED BY $word;
ALTER USER $guest IDENTIFIED BY $word;
GRANT ALL ON $(name "${pattern%.%}").* TO $guest;
GRANT REPLICATION SLAVE ON *.* TO $guest;
SQL
}
# database_comment SIDE: as a literal; nothing where there is none. MariaDB alone knows it, from 10.5 on.
database_comment() {
  local knows
  knows=$(sql "$1" "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'information_schema' AND table_name = 'SCHEMATA'
    AND column_name = 'SCHEMA_COMMENT'") || exit 1
  [[ $knows == 0 ]] || sql "$1" "SELECT quote(schema_comment) FROM information_schema.schemata WHERE schema_name = $db AND schema_comment <> ''"
}
# comment_as SIDE LITERAL
comment_as() { [[ -z $2 ]] || sql "$1" "ALTER DATABASE $(name "$DATABASE") COMMENT = $2"; }

# copy_schema FROM: everything but rows and what acts on them.
copy_schema() {
  guest "$(other "$1")"
  copy_accounts "$1"
  guest "$1"
  restore "$1" before
  comment_as "$(other "$1")" "$(database_comment "$1")"
  copy_grants "$1"
}
# clear SIDE: nothing is left of a copy.
clear() {
  empty "$1"
  [[ -z $(database_comment "$1") ]] || comment_as "$1" "''"
  drop_accounts "$1"
  unmark "$1"
}

# What is only there for replication; nothing here.
tidy() { :; }

# dump SIDE: everything in it, for a client of MySQL.
dump() {
  echo all >"$work/keep"
  {
    echo "SET NAMES utf8mb4; SET foreign_key_checks = 0;"
    script_of "$1" before
    cat "$work/restore.sql" "$work/views"
    echo "SET NAMES utf8mb4; SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone = '+00:00';"
    rows_of "$1"
    script_of "$1" after
    cat "$work/restore.sql"
  } | gzip
}

# Each table with the expressions of its key and of a whole row, between unit separators. Texts count by their bytes.
list() {
  local value
  value=$(exact "ifnull(@, '-')" "ifnull(IF(@ = 0 AND atan2(@, -1) < 0, '-0', concat(@ * 1e0)), '-')" "ifnull(@, '-')" \
    "ifnull(@ + 0, '-')" "ifnull(sha2(@, 256), '-')" "ifnull(@, '-')" "ifnull(sha2(@, 256), '-')")
  sql "$1" "SELECT concat_ws(char(31), max(t), concat('concat_ws(0x2c, ', coalesce(group_concat(IF(k = 'PRI', replace(v, '@', c), NULL) ORDER BY n),
      group_concat(replace(v, '@', c) ORDER BY n)), ')'), concat('concat_ws(0x2c, ', group_concat(replace(v, '@', c) ORDER BY n), ')'))
    FROM $(columns_of "$value" "'BASE TABLE'") GROUP BY binary t ORDER BY 1"
}
# bucket KEY: as $bucket, without a process of its own.
bucket() { bucket="(conv(left(sha2($1, 256), 8), 16, 10) & 255)"; }

# sums NUMBER TABLE KEY ROW: the statement for a checksum of each bucket of keys.
sums() {
  bucket "$3"
  echo "SELECT $1, $bucket, count(*), sum(cast(conv(left(sha2($4, 256), 15), 16, 10) AS decimal(20))) FROM $2 GROUP BY 2 ORDER BY 2;"
}

# rows SIDE TABLE KEY ROW BUCKETS: every row's key and content, as digests.
rows() {
  bucket "$3"
  bulk "$1" <<<"SELECT sha2($3, 256), sha2($4, 256) FROM $2 WHERE $bucket IN ($5)"
}

# Which counters are behind the columns that they serve; InnoDB sees to that itself.
behind_column() { :; }

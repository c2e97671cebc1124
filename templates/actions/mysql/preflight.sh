# preflight: whether this database can be moved by binary log replication, and what prevents it. What passes is tried: the
# schema is made on the empty target, compared, and removed again.
problems=()
check() { [[ -z $2 ]] || problems+=("$1: $(some "$2")"); }
# Statements whose failure is an answer: each after a line with a name.
tried() { session "$1" --force 2>&1 | awk '/^\037/ {name = substr($0, 2); next} {print name ": " $0}'; }

mark=$(mark_of target)
if [[ $mark == trial ]]; then unused_or_refuse target; clear target; mark=; fi
if [[ $action == 'undo' ]]; then
  [[ $TARGET_SECRET != "$own" ]] || site-database end
  exit 0
fi
series() { cut -d. -f1,2 <<<"${version[$1]}"; }
[[ $(printf '%s\n' "$(series source)" "$(series target)" | sort -V | head -1) == "$(series source)" ]] ||
  problems+=("the target runs version ${version[target]}, the source ${version[source]}; a newer one can follow an older one, not the other way round")
[[ ${kind[source]} == "${kind[target]}" ]] || problems+=("the source is ${kind[source]}, the target ${kind[target]}; they do not follow each other")
if [[ ${user[source]} == "${user[target]}" && ${password[source]} != "${password[target]}" ]]; then
  problems+=("both sides' login is called ${user[source]}, with two passwords; the application needs one that both take")
fi
now=$(used)

# What is in the database.
check "names with a line break (rename them)" "$(sql source "SELECT hex(n) FROM (
    SELECT table_name n FROM information_schema.tables WHERE table_schema = $db
    UNION SELECT column_name FROM information_schema.columns WHERE table_schema = $db
    UNION SELECT index_name FROM information_schema.statistics WHERE table_schema = $db
    UNION SELECT routine_name FROM information_schema.routines WHERE routine_schema = $db
    UNION SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = $db
    UNION SELECT event_name FROM information_schema.events WHERE event_schema = $db) x WHERE n REGEXP '[\\\\n\\\\r]' OR instr(n, char(31))" |
  sed 's/^/0x/')"
check "no primary key, so changes cannot be found again (ALTER TABLE ... ADD PRIMARY KEY fixes it)" \
  "$(sql source "SELECT t.table_name FROM information_schema.tables t LEFT JOIN information_schema.table_constraints c
    ON c.table_schema = t.table_schema AND binary c.table_name = binary t.table_name AND c.constraint_type = 'PRIMARY KEY'
    WHERE t.table_schema = $db AND t.table_type = 'BASE TABLE' AND c.table_name IS NULL ORDER BY 1")"
# The server's own texts hold three bytes a character: a label with a longer one is shown, and would be copied, with `?`.
check "ENUM or SET labels that the server does not tell whole, shown with a question mark (ALTER TABLE ... MODIFY with other labels, or as varchar)" \
  "$(sql source "SELECT concat(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = $(literal "$DATABASE")
    AND data_type IN ('enum', 'set') AND column_type LIKE '%?%' ORDER BY 1")"
check "not InnoDB, so no copy of one moment can be taken (ALTER TABLE ... ENGINE = InnoDB fixes it)" \
  "$(sql source "SELECT concat(table_name, ' (', engine, ')') FROM information_schema.tables WHERE table_schema = $db
    AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' ORDER BY 1")"
check "system versioning, whose history is not copied (ALTER TABLE ... DROP SYSTEM VERSIONING fixes it)" \
  "$(sql source "SELECT table_name FROM information_schema.tables WHERE table_schema = $db AND table_type = 'SYSTEM VERSIONED' ORDER BY 1")"
check "kept outside the data directory, where the target has nothing (rebuild the table without DATA DIRECTORY)" \
  "$(sql source "SELECT table_name FROM information_schema.tables WHERE table_schema = $db AND create_options LIKE '%data directory%' ORDER BY 1")"
check "enabled events would run on both sides (ALTER EVENT ... DISABLE fixes it; enable them again after the cut-over)" \
  "$(sql source "SELECT event_name FROM information_schema.events WHERE event_schema = $db AND status <> 'DISABLED' ORDER BY 1")"

# Views that cannot be read any more, and what runs as an account that is gone.
broken=$(sql source "SELECT concat('SELECT ', quote(concat(char(31), table_name)), '; SELECT 1 FROM \`', replace(table_name, '\`', '\`\`'), '\` LIMIT 0;')
  FROM information_schema.views WHERE table_schema = $db" | tried source)
# shellcheck disable=SC2016
check "views that fail on the source" "$(sed -E 's/^(.*): ERROR [0-9]+ \([^)]*\)( at line [0-9]+)?: (.*)$/\1 (\3; DROP VIEW `\1`; removes it)/' <<<"$broken")"
check "runs as an account that does not exist on the source (create the account, or make it anew with another DEFINER)" \
  "$(sql source "SELECT concat(kind, ' ', name, ' (', definer, ')') FROM ($(definers_of)) d LEFT JOIN mysql.user u ON concat(u.user, '@', u.host) = d.definer
    OR u.user = d.definer WHERE u.user IS NULL AND security = 'DEFINER' AND substring_index(definer, '@', 1) NOT IN ('root', $logins) ORDER BY 1")"
if ! may_name target; then
  check "runs as another account, and the target's login may not say so there (grant it SET_USER_ID, or make it anew with SQL SECURITY INVOKER or the application's own login as DEFINER)" \
    "$(sql source "SELECT concat(kind, ' ', name, ' (', definer, ')') FROM ($(definers_of)) d JOIN mysql.user u ON concat(u.user, '@', u.host) = d.definer
      WHERE security = 'DEFINER' AND u.super_priv <> 'Y' AND u.user NOT IN ('root', $logins) ORDER BY 1")"
fi

if is_managed target; then
  check "logins that may act as others, which RDS does not allow to grant" \
    "$(sql source "SELECT concat(u.user, '@', u.host, ' (REVOKE PROXY ON ', quote(proxied_user), '@', quote(proxied_host), ' FROM ', quote(u.user), '@', quote(u.host), ')')
      FROM mysql.proxies_priv p JOIN mysql.user u ON u.user = p.user AND u.host = p.host WHERE $people ORDER BY 1")"
fi
mine=$(sql target "SELECT coalesce(group_concat(quote(privilege_type)), quote('')) FROM information_schema.user_privileges
  WHERE is_grantable = 'YES' AND replace(grantee, '''', '') = current_user()")
check "rights to the whole server that the target's login may not give" \
  "$(sql source "SELECT concat(privilege_type, ' of ', grantee, ' (REVOKE ', privilege_type, ' ON *.* FROM ', grantee, ')')
    FROM information_schema.user_privileges JOIN mysql.user u ON binary grantee = binary $grantee
    WHERE $people AND privilege_type NOT IN ($data, 'USAGE') AND privilege_type NOT IN ($mine) ORDER BY 1")"

# Other databases.
system="'mysql', 'information_schema', 'performance_schema', 'sys', 'scalectl', 'innodb', 'tmp'"
others() { sql "$1" "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ($system, $db)"; }
for side in source target; do
  ! is_managed "$(other "$side")" ||
    check "other databases on the $side, whose changes the $(other "$side") would have to follow, as RDS has no filter that a script can set (DROP DATABASE, or move them first)" \
      "$(sql "$side" "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema NOT IN ($system, $db)")"
done
check "foreign keys to another database (ALTER TABLE ... DROP FOREIGN KEY)" \
  "$(sql source "SELECT concat(table_name, '.', constraint_name, ' to ', unique_constraint_schema) FROM information_schema.referential_constraints
    WHERE constraint_schema = $db AND unique_constraint_schema <> $db
    UNION SELECT concat(constraint_schema, '.', table_name, '.', constraint_name, ' from there') FROM information_schema.referential_constraints
    WHERE constraint_schema <> $db AND unique_constraint_schema = $db")"
others source >"$work/others"
check "names another database, which is not moved (change or drop it)" "$(while IFS= read -r text; do
  # shellcheck disable=SC2016
  plain=$(sed 's/[][\.*^$(){}?+|/]/\\&/g' <<<"$text")
  sql source "SELECT concat(kind, ' ', name, ' (', $(literal "$text"), ')') FROM (
      SELECT 'view' kind, table_name name, view_definition body FROM information_schema.views WHERE table_schema = $db
      UNION ALL SELECT lower(routine_type), routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = $db
      UNION ALL SELECT 'trigger', trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = $db
      UNION ALL SELECT 'event', event_name, event_definition FROM information_schema.events WHERE event_schema = $db) x
    WHERE body REGEXP $(literal "(^|[^0-9A-Za-z_\$\`])\`?$plain\`?[[:space:]]*[.]")"
done <"$work/others")"

# The servers.
for side in source target; do
  check "the $side cannot replicate" "$(sql "$side" <<'SQL'
SELECT 'it keeps no binary log (takes a restart)' FROM dual WHERE @@log_bin = 0
UNION ALL
SELECT concat('binlog_format is ', @@binlog_format, ', not ROW') FROM dual WHERE @@binlog_format <> 'ROW';
SQL
)"
done
[[ $(sql source "SELECT @@server_id") != "$(sql target "SELECT @@server_id")" ]] ||
  problems+=("both sides have the same server_id, and would ignore each other's changes")
check "filters of replication" "$(unreplicated source)"
# setting NAME [EXPRESSION]: has to be equal, because the application's statements mean something else otherwise.
setting() {
  local ours theirs
  ours=$(sql source "SELECT ${2:-@@global.$1}") theirs=$(sql target "SELECT ${2:-@@global.$1}")
  [[ $ours == "$theirs" ]] || problems+=("$1 is '$theirs' on the target and '$ours' on the source, so statements would mean something else after the switch (set it to the source's value; on RDS in the parameter group)")
}
setting sql_mode
setting lower_case_table_names
zone="IF(@@global.time_zone = 'SYSTEM', @@system_time_zone, @@global.time_zone)"
# Where it is unknown, the function gives NULL.
berlin="convert_tz('2026-01-01 00:00:00', '+00:00', 'Europe/Berlin') IS NULL"
[[ $(sql source "SELECT $berlin") != 0 || $(sql target "SELECT $berlin") == 0 ]] ||
  problems+=("named time zones are known on the source alone, so CONVERT_TZ gives NULL on the target (mysql_tzinfo_to_sql /usr/share/zoneinfo, loaded into its database mysql, fixes it)")
setting time_zone "IF($zone IN ('UTC', '+00:00', 'GMT', 'Etc/UTC'), 'UTC', $zone)"
# What changes results and counters without an error; each side knows others of them.
variables() {
  sql "$1" "SHOW GLOBAL VARIABLES WHERE variable_name IN ('auto_increment_increment', 'auto_increment_offset', 'tx_isolation', 'transaction_isolation',
    'group_concat_max_len', 'div_precision_increment', 'default_week_format', 'explicit_defaults_for_timestamp', 'innodb_ft_min_token_size',
    'innodb_ft_max_token_size', 'innodb_ft_enable_stopword', 'ngram_token_size', 'old_mode', 'sql_auto_is_null', 'sql_safe_updates')" | LC_ALL=C sort
}
check "settings that change what statements give (set the target's to the source's value; on RDS in the parameter group)" \
  "$(LC_ALL=C join -t $'\t' <(variables source) <(variables target) | awk -F'\t' '$2 != $3 {print $1 " is \047" $3 "\047 on the target and \047" $2 "\047 on the source"}')"
# The scripts raise it where a server is the application's own, until that starts again.
packets=("$(sql source "SELECT @@global.max_allowed_packet")" "$(sql target "SELECT @@global.max_allowed_packet")")
if ((packets[1] < packets[0])); then
  if is_managed target; then
    problems+=("max_allowed_packet is ${packets[1]} on the target and ${packets[0]} on the source, so longer statements would be refused after the switch (set it to ${packets[0]} in its parameter group)")
  else
    say "warning: max_allowed_packet is ${packets[1]} on the target and ${packets[0]} on the source; longer statements are refused there once it has restarted (start it with --max-allowed-packet=${packets[0]})"
  fi
fi
if ! is_mariadb source; then
  modes=$(sql source "SELECT @@global.gtid_mode") modes+=" $(sql target "SELECT @@global.gtid_mode")"
  case $modes in 'ON OFF' | 'OFF ON') problems+=("gtid_mode is ${modes% *} on the source and ${modes#* } on the target; they do not follow each other (set both alike)") ;; esac
fi
# RDS gives nobody the right that makes these where a binary log is kept, but has a parameter instead.
if is_managed target && [[ $(sql target "SELECT @@log_bin_trust_function_creators") == 0 ]]; then
  check "the target would refuse these triggers and functions (log_bin_trust_function_creators = 1 in its parameter group fixes it)" \
    "$(sql source "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = $db
      UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = $db AND routine_type = 'FUNCTION' ORDER BY 1")"
fi
following=$(sql target "SHOW REPLICA STATUS")
[[ -z $following ]] || has_subscription source || problems+=("the target follows another server already")
if [[ -z $mark ]]; then
  check "the target is not empty" "$(sql target "SELECT table_name FROM information_schema.tables WHERE table_schema = $db
    UNION SELECT routine_name FROM information_schema.routines WHERE routine_schema = $db")"
fi
check "open on the source" "$(blockers source | grep -v '^event ')"

# TLS: an application that speaks without it would be refused after the switch.
if [[ $(sql target "SELECT @@require_secure_transport") =~ ^(1|ON)$ && ! $(sql source "SELECT @@require_secure_transport") =~ ^(1|ON)$ ]]; then
  plain=$(sql source "SELECT count(*) FROM performance_schema.threads WHERE connection_type = 'TCP/IP' AND processlist_user IN ($logins)
    AND processlist_id <> connection_id() AND processlist_command NOT LIKE 'Binlog%'")
  if [[ $plain != 0 ]]; then
    problems+=("$plain sessions of the application on the source are without TLS, which the target requires; make its clients use TLS first")
  elif [[ $(sql source "SELECT @@performance_schema") == 0 ]]; then
    say "warning: the target requires TLS, and the source does not show whether the application's sessions use it (performance_schema is off)"
  fi
fi

# Sizes. A value is sent as a literal of twice its length.
bytes=$(sql source "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = $db")
if [[ -n ${TARGET_BYTES:-} ]] && ((bytes + bytes / 2 > TARGET_BYTES)); then
  problems+=("the data take $bytes bytes; with room to catch up that is more than the target's $TARGET_BYTES")
fi
for side in source target; do
  packet=$(sql "$side" "SELECT @@global.max_allowed_packet")
  if ((packet >= 1073741824)) || ! is_managed "$side"; then continue; fi
  sql source "SELECT concat('SELECT concat(', quote(concat(max(t), ' (')), ', max(', group_concat(concat('coalesce(length(', c, '), 0)') SEPARATOR '+'), '), '' bytes)'')
    FROM ', max(t), ' HAVING max(', group_concat(concat('coalesce(length(', c, '), 0)') SEPARATOR '+'), ') > ', ($packet - 65536) div 2, ';')
    FROM $(columns_of "data_type" "'BASE TABLE'") WHERE v IN ('mediumtext', 'mediumblob', 'longtext', 'longblob', 'json', 'geometry') GROUP BY binary t" >"$work/long.sql"
  check "rows too long for the $side's max_allowed_packet of $packet (set it to 1073741824 in its parameter group)" "$(bulk source <"$work/long.sql")"
done

# Rows that their own table would not take today.
if is_mariadb source; then
  sql source "SELECT concat('SELECT ', quote(char(31)), '; SELECT concat(', quote(concat(table_name, '.', constraint_name, ' (')), ', count(*), '' rows)'')
    FROM \`', replace(table_name, '\`', '\`\`'), '\` WHERE NOT (', check_clause, ') HAVING count(*) > 0;')
    FROM information_schema.check_constraints WHERE constraint_schema = $db" >"$work/checks.sql"
  # A condition that cannot be evaluated is an answer, a session that is lost is none.
  echo "SELECT '$end_of_answer';" >>"$work/checks.sql"
  session source --force <"$work/checks.sql" >"$work/out" 2>/dev/null || true
  grep -qxF "$end_of_answer" "$work/out" || refuse "the source did not tell of every CHECK whether its rows meet it"
  check "rows that break a CHECK (correct them; SELECT ... WHERE NOT (the condition) shows them)" \
    "$(sed "/^\x1f*\$/d; /^$end_of_answer\$/d" "$work/out")"
fi
sql source "SELECT concat('SELECT concat(', quote(concat(max(k.table_name), '.', max(k.constraint_name), ' (')), ', count(*), '' rows)'') FROM \`',
    replace(max(k.table_name), '\`', '\`\`'), '\` c LEFT JOIN \`', replace(max(k.referenced_table_name), '\`', '\`\`'), '\` p ON ',
    group_concat(concat('c.\`', replace(k.column_name, '\`', '\`\`'), '\` = p.\`', replace(k.referenced_column_name, '\`', '\`\`'), '\`') SEPARATOR ' AND '),
    ' WHERE ', group_concat(concat('c.\`', replace(k.column_name, '\`', '\`\`'), '\` IS NOT NULL AND p.\`', replace(k.referenced_column_name, '\`', '\`\`'), '\` IS NULL') SEPARATOR ' AND '),
    ' HAVING count(*) > 0;') FROM information_schema.key_column_usage k
  WHERE k.table_schema = $db AND k.referenced_table_schema = $db GROUP BY binary k.table_name, binary k.constraint_name" >"$work/keys.sql"
check "rows whose FOREIGN KEY leads nowhere (delete or correct them)" "$(bulk source <"$work/keys.sql")"
sql source "SELECT concat('CHECK TABLE \`', replace(table_name, '\`', '\`\`'), '\`;') FROM information_schema.tables
  WHERE table_schema = $db AND create_options LIKE '%partitioned%'" >"$work/partitions.sql"
check "rows in the wrong partition (ALTER TABLE ... REPAIR PARTITION ALL fixes it)" \
  "$(bulk source <"$work/partitions.sql" | awk -F'\t' '$3 == "error" || $3 == "Error" {print $1 ": " $4}')"

# The trial, when nothing else is wrong.
trial() {
  mark target trial
  copy_schema source
  restore source after
  differing_objects
}
if ((${#problems[@]} == 0)) && [[ -z $mark && $now == source ]]; then
  unused_or_refuse target
  code=0
  # In a shell of its own, and not as part of a condition, so that it ends where it fails.
  (trap - EXIT; begin_shell; trial) >"$work/different" &
  wait $! || code=1
  clear target
  if ((code)); then problems+=("the schema cannot be made on the target, for the reason above"); fi
  check "would not be the same on the target" "$(<"$work/different")"
fi
count=$(base_tables source | wc -l | tr -d ' ')
if ((${#problems[@]})); then
  for problem in "${problems[@]}"; do say "error: $problem"; done
  printf '{"ok":false,"problems":%d}\n' "${#problems[@]}"
  exit 1
fi
printf '{"ok":true,"version":"%s","tables":%d,"bytes":%d}\n' "${version[source]}" "$count" "$bytes"

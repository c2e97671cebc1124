# verify: whether both sides hold the same rows, while the application writes. Changes nothing.
#
# A checksum for each bucket of keys finds where the sides differ. There the rows themselves are compared: what the
# writer held before and after the follower caught up has to be on the follower. What the writer did not hold in either
# look, twice, should not be there. So rows that change all the time can neither hide a difference nor feign one.
[[ $action == 'do' ]] || exit 0
writer=$(used) follower=$(other "$(used)")
buckets=256

# Each table with the expression of its key.
list() {
  sql "$writer" "SELECT format('%I.%I', n.nspname, c.relname) || '|' || coalesce(
    (SELECT 'ROW(' || string_agg(format('t.%I', a.attname), ',' ORDER BY a.attnum) || ')::text' FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
      WHERE i.indrelid = c.oid AND i.indisprimary), 't::text') $tables ORDER BY 1"
}
bucket() { echo "(('x' || substr(md5($1), 1, 8))::bit(32)::int & ($buckets - 1))"; }
sums() {
  bulk "$1" <<<"SELECT $(bucket "$3"), count(*), sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint)
    FROM $2 t GROUP BY 1 ORDER BY 1"
}
rows() {
  bulk "$1" <<<"SELECT md5($3), md5(t::text) FROM $2 t WHERE $(bucket "$3") IN ($4)" | LC_ALL=C sort >"$work/$5"
}
lines() { wc -l <"$work/$1" | tr -d ' '; }
in_order() { LC_ALL=C comm "$@"; }

# Compares one table's buckets row by row; $work/bad and $work/extra have what is wrong.
look() {
  rows "$writer" "$1" "$2" "$3" before
  if has_subscription "$writer"; then caught_up "$writer" "$(position "$writer")" "${VERIFY_SECONDS:-60}"; fi
  rows "$follower" "$1" "$2" "$3" there
  rows "$writer" "$1" "$2" "$3" after
  in_order -12 "$work/before" "$work/after" >"$work/stable"
  in_order -23 "$work/stable" "$work/there" >"$work/bad"
  LC_ALL=C sort -u "$work/before" "$work/after" >"$work/either"
  in_order -13 "$work/either" "$work/there" >"$work/extra"
}

count=0 total=0 moving=0 different=()
list >"$work/list"
while IFS='|' read -r table key; do
  count=$((count + 1))
  sums "$writer" "$table" "$key" >"$work/sums.writer" &
  sums "$follower" "$table" "$key" >"$work/sums.follower"
  wait $!
  total=$((total + $(awk -F'|' '{n += $2} END {print n + 0}' "$work/sums.writer")))
  where=$(diff "$work/sums.writer" "$work/sums.follower" | sed -n 's/^[<>] \([0-9]*\)|.*/\1/p' | sort -un | paste -sd, -) || true
  [[ -n $where ]] || continue
  look "$table" "$key" "$where"
  if [[ -s $work/extra ]]; then
    cp "$work/extra" "$work/extra.first"
    look "$table" "$key" "$where"
    in_order -12 "$work/extra.first" "$work/extra" >"$work/extra.both"
    mv "$work/extra.both" "$work/extra"
  fi
  moving=$((moving + $(in_order -3 "$work/before" "$work/after" | wc -l)))
  if [[ -s $work/bad || -s $work/extra ]]; then
    different+=("{\"table\":\"${table//\"/}\",\"missing\":$(lines bad),\"extra\":$(lines extra)}")
  fi
done <"$work/list"

# A sequence behind its column gives out keys that exist.
behind=$(sql "$writer" <<'SQL'
SELECT format('SELECT %L WHERE (SELECT last_value FROM %s) < (SELECT coalesce(max(%I), 0) FROM %s)',
    s.oid::regclass, s.oid::regclass, a.attname, d.refobjid::regclass)
  FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
  WHERE s.relkind = 'S' \gexec
SQL
)
[[ -z $behind ]] || say "error: sequences behind their column: ${behind//$'\n'/, }"

if ((${#different[@]})) || [[ -n $behind ]]; then
  say "error: the $follower differs from the $writer in ${#different[@]} of $count tables"
  printf '{"equal":false,"tables":%d,"rows":%d,"different":[%s]}\n' "$count" "$total" "$(IFS=,; echo "${different[*]:-}")"
  exit 1
fi
printf '{"equal":true,"tables":%d,"rows":%d,"moving":%d}\n' "$count" "$total" "$moving"

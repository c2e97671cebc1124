# verify: whether both sides hold the same objects and rows, while the application writes. Changes nothing.
#
# A checksum for each bucket of keys finds where the sides differ. There the rows themselves are compared: what the
# writer held before and after the follower caught up has to be on the follower. What the writer did not hold in either
# look, twice, should not be there. So rows that change all the time can neither hide a difference nor feign one.
[[ $action == 'do' ]] || exit 0
writer=$(used) follower=$(other "$(used)")

lines() { wc -l <"$work/$1" | tr -d ' '; }
in_order() { LC_ALL=C comm "$@"; }

# look TABLE KEY ROW BUCKETS: compares row by row; $work/bad and $work/extra have what is wrong.
look() {
  rows "$writer" "$@" | LC_ALL=C sort >"$work/before"
  if has_subscription "$writer"; then caught_up "$writer" "$(position "$writer")" "${VERIFY_SECONDS:-60}"; fi
  rows "$follower" "$@" | LC_ALL=C sort >"$work/there"
  rows "$writer" "$@" | LC_ALL=C sort >"$work/after"
  in_order -12 "$work/before" "$work/after" >"$work/stable"
  in_order -23 "$work/stable" "$work/there" >"$work/bad"
  # Equal rows count as often as they were there.
  { cat "$work/before"; in_order -13 "$work/before" "$work/after"; } | LC_ALL=C sort >"$work/either"
  in_order -13 "$work/either" "$work/there" >"$work/extra"
}

objects=$(differing_objects) || refuse "the objects of both sides could not be compared"
if has_subscription "$writer"; then
  missing=$(unreplicated "$writer" | sed 's/$/, not replicated/')
  [[ -z $missing ]] || objects+=${objects:+$'\n'}$missing
fi
if [[ -n $objects ]]; then
  say "error: the objects differ, so rows were not compared: $(some "$objects")"
  printf '{"equal":false,"objects":%d,"different":[]}\n' "$(wc -l <<<"$objects")"
  exit 1
fi

# All sums of a side in one session, both sides at once.
list "$writer" >"$work/list"
declare -a names keys contents
count=0
while IFS=$US read -r table key row; do
  count=$((count + 1))
  names[count]=$table keys[count]=$key contents[count]=$row
  sums "$count" "$table" "$key" "$row"
done <"$work/list" >"$work/sums.sql"
may_fail=1 bulk "$writer" <"$work/sums.sql" >"$work/sums.writer" &
both=$!
may_fail=1 bulk "$follower" <"$work/sums.sql" >"$work/sums.follower" || { wait "$both"; refuse "the rows of the $follower cannot be read"; }
wait "$both" || refuse "the rows of the $writer cannot be read"
moving=0 different=()
total=$(awk -F'\t' '{n += $3} END {print n + 0}' "$work/sums.writer")

# Tables and the buckets in which they differ, by number.
diff "$work/sums.writer" "$work/sums.follower" >"$work/sums.diff" || (($? == 1))
sed -n 's/^[<>] //p' "$work/sums.diff" | cut -f1,2 | LC_ALL=C sort -u |
  awk -F'\t' '$1 != last {if (last) print last "\t" list; last = $1; list = $2; next} {list = list "," $2}
    END {if (last) print last "\t" list}' >"$work/suspects"
while IFS=$'\t' read -r number where; do
  [[ -n $number ]] || continue
  table=${names[number]} key=${keys[number]} row=${contents[number]}
  look "$table" "$key" "$row" "$where"
  if [[ -s $work/extra ]]; then
    cp "$work/extra" "$work/extra.first"
    look "$table" "$key" "$row" "$where"
    in_order -12 "$work/extra.first" "$work/extra" >"$work/extra.both"
    mv "$work/extra.both" "$work/extra"
  fi
  moving=$((moving + $(in_order -3 "$work/before" "$work/after" | wc -l)))
  if [[ -s $work/bad || -s $work/extra ]]; then
    different+=("{\"table\":\"${table//[\"\`\\]/}\",\"missing\":$(lines bad),\"extra\":$(lines extra)}")
  fi
done <"$work/suspects"

# A sequence behind its column gives out keys that exist. That the follower's are the writer's is the switch's to check.
behind=$(behind_column "$writer")
[[ -z $behind ]] || say "warning: sequences behind their column on the $writer: $(some "$behind")"

if ((${#different[@]})); then
  say "error: the $follower differs from the $writer in ${#different[@]} of $count tables"
  printf '{"equal":false,"tables":%d,"rows":%d,"different":[%s]}\n' "$count" "$total" "$(IFS=,; echo "${different[*]}")"
  exit 1
fi
printf '{"equal":true,"tables":%d,"rows":%d,"moving":%d}\n' "$count" "$total" "$moving"

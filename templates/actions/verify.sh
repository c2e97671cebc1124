# verify: whether both sides hold the same rows, while the application writes. Changes nothing.
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
  LC_ALL=C sort -u "$work/before" "$work/after" >"$work/either"
  in_order -13 "$work/either" "$work/there" >"$work/extra"
}

count=0 total=0 moving=0 different=()
list "$writer" >"$work/list"
while IFS=$'\t' read -r table key row; do
  count=$((count + 1))
  sums "$writer" "$table" "$key" "$row" >"$work/sums.writer" &
  both=$!
  sums "$follower" "$table" "$key" "$row" >"$work/sums.follower"
  wait "$both"
  total=$((total + $(awk '{n += $2} END {print n + 0}' "$work/sums.writer")))
  where=$(diff "$work/sums.writer" "$work/sums.follower" | sed -n 's/^[<>] \([0-9]*\)\t.*/\1/p' | sort -un | paste -sd, -) || true
  [[ -n $where ]] || continue
  look "$table" "$key" "$row" "$where"
  if [[ -s $work/extra ]]; then
    cp "$work/extra" "$work/extra.first"
    look "$table" "$key" "$row" "$where"
    in_order -12 "$work/extra.first" "$work/extra" >"$work/extra.both"
    mv "$work/extra.both" "$work/extra"
  fi
  moving=$((moving + $(in_order -3 "$work/before" "$work/after" | wc -l)))
  if [[ -s $work/bad || -s $work/extra ]]; then
    different+=("{\"table\":\"${table//[\"\`]/}\",\"missing\":$(lines bad),\"extra\":$(lines extra)}")
  fi
done <"$work/list"

# A sequence behind its column gives out keys that exist.
behind=$(behind_column "$writer")
[[ -z $behind ]] || say "error: sequences behind their column: ${behind//$'\n'/, }"

if ((${#different[@]})) || [[ -n $behind ]]; then
  say "error: the $follower differs from the $writer in ${#different[@]} of $count tables"
  printf '{"equal":false,"tables":%d,"rows":%d,"different":[%s]}\n' "$count" "$total" "$(IFS=,; echo "${different[*]:-}")"
  exit 1
fi
printf '{"equal":true,"tables":%d,"rows":%d,"moving":%d}\n' "$count" "$total" "$moving"

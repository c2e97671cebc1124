# lag: how far the side that the application does not use is behind. Changes nothing. A follower that fails for good is an
# error; one that is not connected for a moment has no lag that is known.
[[ $action == 'do' ]] || exit 0
writer=$(used)
has_subscription "$writer" || refuse "the $(other "$writer") does not follow the $writer"
why=$(why_behind "$writer")
[[ -z $why ]] || refuse "$why"
synced=false
if is_synced "$writer"; then synced=true; fi
bytes=$(lag_bytes "$writer") seconds=$(lag_seconds "$writer")
printf '{"follower":"%s","lag_bytes":%s,"lag_seconds":%s,"synced":%s}\n' "$(other "$writer")" "$bytes" "$seconds" "$synced"

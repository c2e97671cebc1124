# lag: how far the side that the application does not use is behind. Changes nothing.
[[ $action == 'do' ]] || exit 0
writer=$(used)
has_subscription "$writer" || refuse "the $(other "$writer") does not follow the $writer"
synced=false
if is_synced "$writer"; then synced=true; fi
sql "$writer" "SELECT json_build_object(
    'direction', '$(subscription "$writer")',
    'lag_bytes', greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn), 0),
    'lag_seconds', coalesce(round(extract(epoch FROM r.replay_lag)::numeric, 3), 0),
    'active', s.active, 'synced', $synced,
    'kept_bytes', pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))
  FROM pg_replication_slots s LEFT JOIN pg_stat_replication r ON r.pid = s.active_pid
  WHERE s.slot_name = '$(subscription "$writer")'"

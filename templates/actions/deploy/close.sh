#!/bin/bash
# Has a server close the site for maintenance, or open it again, and fails where it does not. CLOSED is the digest of what
# visitors are told, or of nothing to open it.
set -u
[ "${1:-do}" = "do" ] || exit 0
if ! grep -q /closed /usr/local/sbin/site-reconcile; then
  echo "its program is from before maintenance was possible; apply replaces it" >&2
  exit 1
fi
unit=$(systemctl show site -p Environment --value)
# Parameters may be read a moment before every server of AWS knows of their change.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  # shellcheck disable=SC2086
  said=$(env $unit /usr/local/sbin/site-reconcile 2>&1)
  echo "$said" >>/var/log/site.log
  [ "$(cat /etc/site/closed 2>/dev/null)" != "$CLOSED" ] || exit 0
  sleep 2
done
echo "${said:-it did not take the change in}" | tail -n 1 >&2
exit 1

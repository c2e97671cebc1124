#!/bin/bash
# Runs a service's release command in its new image: SETTING is the name of its setting, such as services/web.
set -u
[ "${1:-do}" = "do" ] || exit 0
for word in $(systemctl show site -p Environment --value); do
  export "${word?}"
done
exec /usr/local/sbin/site-reconcile release "$SETTING"

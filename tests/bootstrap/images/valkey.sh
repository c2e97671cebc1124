#!/bin/sh
# As the official image's: not as root, and open to the container's network.
set -e
[ "${1#-}" = "$1" ] || set -- valkey-server "$@"
if [ "$(id -u)" = 0 ]; then
  chown -R valkey .
  exec setpriv --reuid=valkey --regid=valkey --clear-groups "$0" "$@"
fi
exec "$@" --protected-mode no

#!/bin/bash
# Runs a command of a service once: in a new container of its image with its variables, or, where MODE is exec, in the one
# that serves. SETTING is the name of its setting, such as services/web; COMMAND has the words, each in quotes.
set -u
[ "${1:-do}" = "do" ] || exit 0
words=()
eval "words=($COMMAND)"
if [ "$MODE" = exec ]; then
  container=$(docker ps -q --filter "label=site.service=${SETTING#*/}" | head -n 1)
  if [ -z "$container" ]; then
    echo "no container of ${SETTING#*/} runs on this server" >&2
    exit 125
  fi
  exec docker exec "$container" "${words[@]}"
fi
for word in $(systemctl show site -p Environment --value); do
  export "${word?}"
done
exec /usr/local/sbin/site-reconcile run "$SETTING" "${words[@]}"

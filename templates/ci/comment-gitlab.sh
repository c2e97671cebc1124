#!/usr/bin/env bash
# Puts the file $1 into a note of merge request $2: into the one that begins with the same line, if there is
# one, so that a request has one note that is kept up to date.
set -euo pipefail

body=${1:?a file}
number=${2:?the number of a merge request}
notes=${CI_API_V4_URL:?}/projects/${CI_PROJECT_ID:?}/merge_requests/$number/notes

call() {
  # The token is in no command line.
  curl --fail-with-body --silent --show-error --retry 3 \
    --config <(printf 'header = "PRIVATE-TOKEN: %s"\n' "${SCALECTL_GITLAB_TOKEN:?a project access token with the scope api}") "$@"
}

marker=$(head -n 1 "$body")
page=1
id=
while [[ -z $id ]]; do
  found=$(call "$notes?per_page=100&page=$page")
  id=$(jq -r --arg marker "$marker" 'map(select(.body | startswith($marker))) | .[0].id // empty' <<<"$found")
  (($(jq length <<<"$found") == 100)) || break
  page=$((page + 1))
done
if [[ -n $id ]]; then
  jq -Rs '{body: .}' "$body" |
    call --request PUT --header 'Content-Type: application/json' --data @- --output /dev/null "$notes/$id"
else
  jq -Rs '{body: .}' "$body" |
    call --header 'Content-Type: application/json' --data @- --output /dev/null "$notes"
fi

#!/usr/bin/env bash
# Puts the file $1 into a comment of pull request $2: into the one that begins with the same line, if there
# is one, so that a request has one comment that is kept up to date.
set -euo pipefail

body=${1:?a file}
number=${2:?the number of a pull request}
api=${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}

call() {
  # The token is in no command line.
  curl --fail-with-body --silent --show-error --retry 3 --header 'Accept: application/vnd.github+json' \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "${GITHUB_TOKEN:?}") "$@"
}

marker=$(head -n 1 "$body")
page=1
id=
while [[ -z $id ]]; do
  comments=$(call "$api/issues/$number/comments?per_page=100&page=$page")
  id=$(jq -r --arg marker "$marker" 'map(select(.body | startswith($marker))) | .[0].id // empty' <<<"$comments")
  (($(jq length <<<"$comments") == 100)) || break
  page=$((page + 1))
done
if [[ -n $id ]]; then
  jq -Rs '{body: .}' "$body" | call --request PATCH --data @- --output /dev/null "$api/issues/comments/$id"
else
  jq -Rs '{body: .}' "$body" | call --data @- --output /dev/null "$api/issues/$number/comments"
fi

#!/usr/bin/env bash
# Fetches what was planned for the pull request that the commit $GITHUB_SHA merges, the artifact $2, into the
# folder $1.
set -euo pipefail

out=${1:?a folder}
name=${2:?the name of an artifact}
api=${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}

call() {
  # The token is in no command line.
  curl --fail-with-body --silent --show-error --location --retry 3 --header 'Accept: application/vnd.github+json' \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "${GITHUB_TOKEN:?}") "$@"
}

head=$(call "$api/commits/${GITHUB_SHA:?}/pulls" | jq -r 'map(select(.merged_at != null)) | .[0].head.sha // empty')
if [[ -z $head ]]; then
  echo "no pull request was merged by $GITHUB_SHA, so nothing was planned for it; nothing was changed" >&2
  exit 1
fi
url=$(call "$api/actions/artifacts?name=$name&per_page=100" | jq -r --arg head "$head" \
  '.artifacts | map(select(.workflow_run.head_sha == $head and (.expired | not)))
   | sort_by(.created_at) | last | .archive_download_url // empty')
if [[ -z $url ]]; then
  echo "there is no plan for $head: run the pull request's job again, or plan and apply by hand; nothing was changed" >&2
  exit 1
fi
mkdir -p "$out"
call --output "$out/plan.zip" "$url"
unzip -oq "$out/plan.zip" -d "$out"
rm "$out/plan.zip"

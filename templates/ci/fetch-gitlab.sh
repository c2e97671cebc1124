#!/usr/bin/env bash
# Fetches what the job $2 planned for the merge request that the commit $CI_COMMIT_SHA merges, into the folder $1.
set -euo pipefail

out=${1:?a folder}
job=${2:?the name of a job}
project=${CI_API_V4_URL:?}/projects/${CI_PROJECT_ID:?}

call() {
  # The token is in no command line.
  curl --fail-with-body --silent --show-error --location --retry 3 \
    --config <(printf 'header = "PRIVATE-TOKEN: %s"\n' "${SCALECTL_GITLAB_TOKEN:?a project access token with the scope api}") "$@"
}

number=$(call "$project/repository/commits/${CI_COMMIT_SHA:?}/merge_requests?state=merged" | jq -r '.[0].iid // empty')
if [[ -z $number ]]; then
  echo "no merge request was merged by $CI_COMMIT_SHA, so nothing was planned for it; nothing was changed" >&2
  exit 1
fi
mkdir -p "$out"
if ! call --output "$out/next.plan" "$project/jobs/artifacts/refs%2Fmerge-requests%2F$number%2Fhead/raw/$out/next.plan?job=$job"; then
  rm -f "$out/next.plan"
  echo "there is no plan for !$number: run its job $job again, or plan and apply by hand; nothing was changed" >&2
  exit 1
fi

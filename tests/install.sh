#!/usr/bin/env bash
# Installs what the tests start besides Rust and Python, on Debian and Ubuntu, as root; nothing when all is there.
# The servers that come with the packages are not started: the tests start their own, on loopback.
set -euo pipefail
shopt -s nullglob

missing=()
need() {
  local package=$1 path
  shift
  for path; do
    if [[ -x $path ]]; then return; fi
  done
  missing+=("$package")
}
need postgresql /usr/lib/postgresql/*/bin/postgres
need mariadb-server /usr/sbin/mariadbd
need haproxy /usr/sbin/haproxy
need shellcheck /usr/bin/shellcheck
need chromium /usr/bin/chromium
need curl /usr/bin/curl
need jq /usr/bin/jq
need unzip /usr/bin/unzip
/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || missing+=(python3-psycopg2)
/usr/bin/python3 -c 'import pymysql' 2>/dev/null || missing+=(python3-pymysql)
((${#missing[@]})) || exit 0

# What a package's script asks before it starts a server (invoke-rc.d(8)); 101 is no.
if [[ ! -e /usr/sbin/policy-rc.d ]]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}"

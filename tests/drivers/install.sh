#!/usr/bin/env bash
# Installs the database drivers that tests/drivers.rs connects with, from npm, PyPI and Debian, below
# /var/cache/scalectl, and builds the clients that need it; nothing when that is done. As root, after tests/install.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
node=(pg@8.23.1 mysql2@3.24.6 postgres@3.4.9)
python=(psycopg2-binary==2.9.13 asyncpg==0.32.0 PyMySQL==1.2.4 SQLAlchemy==2.1.9 cryptography==50.0.2)
debian=(python3-pip golang-go golang-github-lib-pq-dev golang-github-jackc-pgx-v4-dev
  golang-github-go-sql-driver-mysql-dev libpostgresql-jdbc-java libmariadb-java)
# Others may have come from elsewhere.
command -v npm >/dev/null || debian+=(nodejs npm)
command -v javac >/dev/null || debian+=(default-jdk-headless)
folder=${SCALECTL_DRIVERS:-/var/cache/scalectl/drivers}
wanted="${node[*]} ${python[*]} ${debian[*]} $(/usr/bin/python3 --version) $(cat "$here"/client.go "$here"/Client.java | sha256sum)"
[[ ! -e $folder/installed || $(<"$folder/installed") != "$wanted" ]] || exit 0

export DEBIAN_FRONTEND=noninteractive
if ! dpkg --status "${debian[@]}" &>/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${debian[@]}"
fi
mkdir -p "${folder%/*}"
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT
# Both clients try again by themselves.
npm install --silent --no-audit --no-fund --prefix "$new" "${node[@]}"
/usr/bin/python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$new/python" "${python[@]}"
GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$new/cache" go build -o "$new/client-go" "$here/client.go"
javac -d "$new" "$here/Client.java"
rm -rf "$new/cache"
echo "$wanted" >"$new/installed"
chmod -R go+rX "$new"
rm -rf "$folder"
mv "$new" "$folder"

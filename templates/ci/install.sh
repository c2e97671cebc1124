#!/usr/bin/env bash
# Puts scalectl $SCALECTL_VERSION into the folder $1, unless that version is on the PATH already.
# Downloads are compared with the checksum that the release names.
set -euo pipefail

version=${SCALECTL_VERSION:?the version, such as 0.1.0}
folder=${1:?a folder}
releases=${SCALECTL_RELEASES:-https://github.com/scalectl/scalectl/releases/download}

if command -v scalectl >/dev/null && [[ $(scalectl --version) == "scalectl $version" ]]; then
  exit 0
fi
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
  Linux-aarch64) target=aarch64-unknown-linux-gnu ;;
  Darwin-arm64) target=aarch64-apple-darwin ;;
  *)
    echo "there is no release of scalectl for $(uname -s) on $(uname -m)" >&2
    exit 1
    ;;
esac
archive=scalectl-$version-$target.tar.gz
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in "$archive" "$archive.sha256"; do
  curl --fail --silent --show-error --location --retry 5 --output "$work/$file" "$releases/v$version/$file"
done
sum=$(cut -d ' ' -f 1 "$work/$archive.sha256")
if ! (cd "$work" && echo "$sum  $archive" | sha256sum --check --quiet); then
  echo "$archive is not the file that the release's checksum is for; nothing was installed" >&2
  exit 1
fi
tar -xzf "$work/$archive" -C "$folder" scalectl
"$folder/scalectl" --version

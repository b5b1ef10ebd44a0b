#!/usr/bin/env bash
# Puts a Python that the machine's own release of Debian lacks into a folder, from Debian's sid.
#
#   tests/versions/debian_python.sh 3.14 build/pythons    makes build/pythons/3.14/usr/bin/python3.14
#
# The mirror is the one that the machine uses. Nothing is installed: the packages are unpacked, and
# the program is set to load the C library and the other libraries that came with it. Needs apt,
# dpkg, patchelf and Debian's archive keyring.
set -euo pipefail
version=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)/$version
program=$folder/usr/bin/python$version
[ -x "$program" ] && exit 0

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
for needed in apt-get dpkg; do
  command -v "$needed" >/dev/null || { echo "$needed is missing: this is no Debian" >&2; exit 1; }
done
[ -r "$keyring" ] || { echo "Debian's archive keyring is missing" >&2; exit 1; }
if ! command -v patchelf >/dev/null; then
  apt-get install -y -qq patchelf >/dev/null || { echo "patchelf is missing" >&2; exit 1; }
fi

# A database of packages apart from the machine's, in which nothing is installed yet.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial"
: >"$scratch/status"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/$') ||
  { echo "the machine's sources name no mirror of Debian" >&2; exit 1; }
echo "deb [signed-by=$keyring] $mirror sid main" >"$scratch/sources.list"
apt() {
  apt-get -qq -o "Dir::Etc::sourcelist=$scratch/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::lists=$scratch/lists" -o "Dir::State::status=$scratch/status" \
    -o "Dir::Cache=$scratch/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User=root "$@"
}
apt update >/dev/null
apt install -y --download-only --no-install-recommends "python$version" libstdc++6 >/dev/null ||
  { echo "Debian has no python$version" >&2; exit 1; }

mkdir "$scratch/unpacked"
for package in "$scratch"/cache/archives/*.deb; do dpkg --extract "$package" "$scratch/unpacked"; done
libraries=usr/lib/$(gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)
loader=$(basename "$(patchelf --print-interpreter "$scratch/unpacked/usr/bin/python$version")")
patchelf --set-interpreter "$folder/$libraries/$loader" --force-rpath \
  --set-rpath "$folder/$libraries" "$scratch/unpacked/usr/bin/python$version"
rm -rf "$folder"
mv "$scratch/unpacked" "$folder"
"$program" -c "import bz2, ctypes, lzma, sqlite3, ssl, zlib"

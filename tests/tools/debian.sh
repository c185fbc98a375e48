#!/usr/bin/env bash
# debian.sh SUITE FOLDER PACKAGE... : unpacks programs of another Debian suite below FOLDER, with every library
# that they need. Nothing outside FOLDER changes, and nobody has to be root. Needs apt, dpkg and $PATCHELF.
#
# Installing a newer suite's editor would replace the machine's libc. So apt resolves against an empty database of
# its own, the packages are only unpacked, and the editor is told to use the loader and the libraries beside it.
set -euo pipefail

suite=$1 folder=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
done_mark=$folder/.unpacked-$(echo "$suite" "$@" | sha256sum | cut -c1-12)
[ ! -e "$done_mark" ] || exit 0

apt=$folder/.apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: > "$apt/status"

mirror_of_this_machine() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$'
}

write_configuration() {
  local mirror
  mirror=${MIRROR:-$(mirror_of_this_machine)}
  local keys=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$keys] $mirror $suite main" > "$apt/sources.list"
  cat > "$apt/apt.conf" <<CONF
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::Retries "3";
Debug::NoLocking "true";
CONF
}

# compilers, sanitizers and Perl come along as dependencies; no editor runs them
unused='^(linux-libc-dev|libc6-dev|libc-dev-bin|libgcc-[0-9]+-dev|lib(a|l|t|hwa)san[0-9]+|libubsan[0-9]+|perl|perl-.*|libperl.*|libdb5.*|install-info)_'

unpack() {
  local package
  for package in "$apt"/cache/archives/*.deb; do
    [[ ${package##*/} =~ $unused ]] || dpkg-deb --extract "$package" "$folder"
  done
}

# the programs of the packages that were asked for, not those of their dependencies
use_own_libraries() {
  local libraries loader program
  libraries=$(dirname "$(find "$folder/usr/lib" -mindepth 2 -maxdepth 2 -name libc.so.6)")
  loader=$(find "$libraries" -maxdepth 1 -name 'ld-linux-*.so.*' -o -maxdepth 1 -name 'ld-musl-*' | head -1)
  for program in nvim hx kak emacs-nox; do
    while read -r program; do
      "$PATCHELF" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$program"
    done < <(find "$folder/usr" -type f -name "$program" -perm -u=x -exec sh -c \
      'for f; do head -c4 "$f" | grep -q ELF && echo "$f"; done' sh {} +)
  done
}

write_configuration
export APT_CONFIG=$apt/apt.conf
apt-get update -qq
apt-get install -qq --yes --download-only "$@" > "$apt/log" 2>&1 || { tail -5 "$apt/log" >&2; exit 1; }
unpack
use_own_libraries
rm -rf "$apt"
touch "$done_mark"

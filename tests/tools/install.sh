#!/usr/bin/env bash
# Installs the editors that the tests drive, below $CACHE, and writes their places to $CACHE/tools.env.
# Called by `make tools` with PATCHELF and CACHE set. Idempotent. What cannot be had is said and left out: its
# tests then skip, or fail where CI=true.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
: "${CACHE:?where to install}" "${PATCHELF:?the patchelf program}"
mkdir -p "$CACHE"
export CACHE PATCHELF

warn() { echo "tools: $*" >&2; }

# programs of the machine's own distribution
install_missing() {
  local wanted=()
  local program
  for program in tmux curl vim chromium; do
    command -v "$program" > /dev/null || wanted+=("$program")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    warn "missing: ${wanted[*]} (install them with your package manager)"
    return 0
  fi
  apt-get update -qq && apt-get install -qq --yes --no-install-recommends "${wanted[@]}" > /dev/null \
    || warn "could not install ${wanted[*]}"
}

# newest releases from Debian's testing suite; the oldest Neovim that is supported from Debian 13
unpack_editors() {
  local editors=$CACHE/editors
  command -v apt-get > /dev/null || { warn "no apt here, so no editors"; return 0; }
  bash "$here/debian.sh" forky "$editors/neovim" neovim || warn "no Neovim"
  bash "$here/debian.sh" trixie "$editors/neovim-0.10" neovim || warn "no Neovim 0.10"
  bash "$here/debian.sh" forky "$editors/helix" hx || warn "no Helix"
  bash "$here/debian.sh" forky "$editors/kakoune" kakoune || warn "no Kakoune"
  bash "$here/debian.sh" forky "$editors/emacs" emacs-nox elpa-lsp-mode || warn "no Emacs"
}

# An unpacked Emacs must be told where its parts are. Native compilation would look for a compiler.
write_emacs_starter() {
  local emacs=$CACHE/editors/emacs
  [ -x "$emacs/usr/bin/emacs-nox" ] || return 0
  cat > "$emacs/emacs" <<RUN
#!/bin/sh
shared=\$(echo "$emacs"/usr/share/emacs/[0-9]*)
dump=\$(echo "$emacs"/usr/libexec/emacs/*/*/emacs-*.pdmp)
export EMACSLOADPATH="\$shared/lisp" EMACSDATA="\$shared/etc" EMACSDOC="\$shared/etc" EMACSPATH="\${dump%/*}"
exec "$emacs/usr/bin/emacs-nox" --dump-file="\$dump" \\
  --eval '(setq native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil)' "\$@"
RUN
  chmod +x "$emacs/emacs"
}

# KEY=path, only for what is there
write_places() {
  local editors=$CACHE/editors
  local places=(
    "NVIM=$editors/neovim/usr/bin/nvim"
    "NVIM_RUNTIME=$editors/neovim/usr/share/nvim/runtime"
    "NVIM_OLD=$editors/neovim-0.10/usr/bin/nvim"
    "NVIM_OLD_RUNTIME=$editors/neovim-0.10/usr/share/nvim/runtime"
    "HELIX=$editors/helix/usr/lib/hx/hx"
    "HELIX_RUNTIME=$editors/helix/usr/lib/hx/runtime"
    "KAKOUNE=$editors/kakoune/usr/bin/kak"
    "KAKOUNE_RUNTIME=$editors/kakoune/usr/share/kak"
    "EMACS=$editors/emacs/emacs"
    "EMACS_LSP_MODE=$editors/emacs/usr/share/emacs/site-lisp/elpa-src"
    "VIM=$(command -v vim || true)"
    "TMUX_PROGRAM=$(command -v tmux || true)"
    "CURL=$(command -v curl || true)"
    "CHROMIUM=$(command -v chromium || true)"
    "LLAMA_VSCODE=$CACHE/llama.vscode/llama-vscode.vsix"
  )
  local place
  for place in "${places[@]}"; do
    [ ! -e "${place#*=}" ] || echo "$place"
  done > "$CACHE/tools.env"
}

install_missing
unpack_editors
write_emacs_starter
if [ -e "$here/vscode.sh" ]; then
  bash "$here/vscode.sh" || warn "no VS Code"
fi
bash "$here/llama_vscode.sh" || warn "no llama.vscode"
bash "$here/web.sh" || warn "no clients and databases for the server's tests"
write_places

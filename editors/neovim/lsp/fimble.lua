--- The language server, for `vim.lsp.enable('fimble')` of Neovim 0.11 and newer.
--- Works alone too, copied to `~/.config/nvim/lsp/`: see README.md, "Without the plugin".

---@type vim.lsp.Config
local config = {
  name = 'fimble',
  cmd = { 'fimble', 'lsp' },
  root_markers = { '.git', '.hg', '.jj' },
}

local ok, server = pcall(require, 'fimble.server')
return ok and server.complete(config) or config

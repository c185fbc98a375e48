--- Mends Neovim's tracking of changes (0.10 to 0.12): it stops to listen to a buffer that is edited while it
--- has no server, and does not listen again once it gets one, which then suggests for a text of long ago.
--- In such a buffer we listen, and pass on what changed.

local api = vim.api

local M = {}

local deaf = {} ---@type table<integer, boolean> followed buffers, and whether Neovim stopped to listen

---@param bufnr integer
---@param uninitialized boolean?
---@return boolean
local function has_server(bufnr, uninitialized)
  return #vim.lsp.get_clients({ bufnr = bufnr, _uninitialized = uninitialized }) > 0
end

--- Give the server the text as a new one.
---@param bufnr integer
local function reopen(bufnr)
  local server = require('fimble.server')
  local client = server.client(bufnr)
  if client then
    vim.lsp.buf_detach_client(bufnr, client.id)
    server.attach(bufnr)
  end
end

--- Keep an eye on a buffer until it is unloaded.
---@param bufnr integer
function M.follow(bufnr)
  if deaf[bufnr] ~= nil then
    return
  end
  deaf[bufnr] = false
  api.nvim_buf_attach(bufnr, false, {
    on_lines = function(_, _, tick, first, last, new_last)
      if not has_server(bufnr, true) then
        deaf[bufnr] = true
      elseif deaf[bufnr] and has_server(bufnr) then
        vim.lsp.util.buf_versions[bufnr] = tick
        require('vim.lsp._changetracking').send_changes(bufnr, first, last, new_last)
      end
    end,
    on_reload = function()
      if deaf[bufnr] then
        vim.schedule(function()
          reopen(bufnr)
        end)
      end
    end,
    on_detach = function()
      deaf[bufnr] = nil
    end,
  })
end

return M

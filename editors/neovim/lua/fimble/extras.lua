--- Tells the server what became of its suggestions, if it wants to know.

local compat = require('fimble.compat')
local server = require('fimble.server')

local M = {}

---@param client vim.lsp.Client
---@param method string
---@param params table
local function tell(client, method, params)
  if server.extended(client) and vim.lsp.get_client_by_id(client.id) then
    compat.notify(client, method, params)
  end
end

---@param client vim.lsp.Client
---@param item fimble.Item
function M.shown(client, item)
  tell(client, 'textDocument/didShowCompletion', { item = item.sent })
end

---@param client vim.lsp.Client
---@param item fimble.Item
---@param text string all that was taken of it, from its start
function M.partly_accepted(client, item, text)
  local length = compat.utf16_length(text)
  tell(client, 'textDocument/didPartiallyAcceptCompletion', { item = item.sent, acceptedLength = length })
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.focused(client, bufnr)
  tell(client, 'textDocument/didFocus', { textDocument = { uri = vim.uri_from_bufnr(bufnr) } })
end

---@param client vim.lsp.Client
---@param item fimble.Item
---@param bufnr integer
function M.accepted(client, item, bufnr)
  local command = item.sent.command
  if command then
    local params = { command = command.command, arguments = command.arguments }
    compat.request(client, 'workspace/executeCommand', params, function() end, bufnr)
  end
end

return M

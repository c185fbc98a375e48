--- What differs between Neovim 0.10, 0.11 and 0.12.

local M = {}

local v11 = vim.fn.has('nvim-0.11') == 1

--- Whether `vim.lsp.enable()` exists.
M.enable = vim.lsp.enable ~= nil

---@param client vim.lsp.Client
---@param method string
---@param params table
---@param handler lsp.Handler?
---@param bufnr integer?
---@return boolean sent, integer? id
function M.request(client, method, params, handler, bufnr)
  if v11 then
    return client:request(method, params, handler, bufnr)
  end
  ---@diagnostic disable-next-line: param-type-mismatch
  return client.request(method, params, handler, bufnr)
end

---@param client vim.lsp.Client
---@param method string
---@param params table
function M.notify(client, method, params)
  if v11 then
    client:notify(method, params)
  else
    ---@diagnostic disable-next-line: param-type-mismatch
    client.notify(method, params)
  end
end

---@param client vim.lsp.Client
---@param id integer
function M.cancel(client, id)
  if v11 then
    client:cancel_request(id)
  else
    ---@diagnostic disable-next-line: param-type-mismatch
    client.cancel_request(id)
  end
end

---@param client vim.lsp.Client
function M.stop(client)
  if v11 then
    client:stop()
  else
    ---@diagnostic disable-next-line: missing-parameter
    client.stop()
  end
end

--- A column in the server's unit as an offset in bytes; past the end means the end.
---@param line string
---@param column integer
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return integer
function M.byte_column(line, column, encoding)
  if encoding == 'utf-8' then
    return math.min(column, #line)
  elseif v11 then
    return vim.str_byteindex(line, encoding, column, false)
  end
  local ok, offset = pcall(vim.str_byteindex, line, column, encoding == 'utf-16')
  return ok and offset or #line
end

--- How long a text is in UTF-16 units.
---@param text string
---@return integer
function M.utf16_length(text)
  if v11 then
    return vim.str_utfindex(text, 'utf-16')
  end
  local _, units = vim.str_utfindex(text)
  return units
end

return M

--- What the server offered for each buffer, and whether it still fits the text around the cursor.
---
--- An offer belongs to the text that it was asked for. It fits while all that changed since is that the user
--- typed its beginning; everything that shows or takes suggestions asks here first.

local compat = require('fimble.compat')
local text = require('fimble.text')

local api = vim.api

local M = {}

---@class fimble.Place
---@field row integer from 0
---@field col integer in bytes, from 0
---@field head string the line before
---@field tail string the line after

---@class fimble.Item
---@field sent lsp.InlineCompletionItem as it came
---@field text string
---@field row integer where the text starts
---@field col integer
---@field head string the line before it

---@class fimble.Offer
---@field client vim.lsp.Client
---@field items fimble.Item[]
---@field index integer which item is shown, from 1
---@field tail string what followed the cursor on its line

local offers = {} ---@type table<integer, fimble.Offer>

--- The cursor's place in the current window.
---@return fimble.Place
function M.cursor()
  local at = api.nvim_win_get_cursor(0)
  local line = api.nvim_get_current_line()
  return { row = at[1] - 1, col = at[2], head = line:sub(1, at[2]), tail = line:sub(at[2] + 1) }
end

---@param client vim.lsp.Client
---@param sent lsp.InlineCompletionItem
---@param asked fimble.Place
---@return fimble.Item?
local function item(client, sent, asked)
  if type(sent.insertText) ~= 'string' then
    return nil -- a snippet: the server sends none to a client that asks as we do
  end
  local start = sent.range and sent.range.start
  local row = start and start.line or asked.row
  local line = api.nvim_buf_get_lines(0, row, row + 1, false)[1]
  if not line then
    return nil
  end
  local col = start and compat.byte_column(line, start.character, client.offset_encoding) or asked.col
  return { sent = sent, text = text.unix(sent.insertText), row = row, col = col, head = line:sub(1, col) }
end

--- Whether another item says the same and more, or an earlier one the same.
---@param items fimble.Item[]
---@param index integer
---@return boolean
local function is_repeated(items, index)
  local this = items[index].text
  for other, each in ipairs(items) do
    local longer = #each.text > #this
    if vim.startswith(each.text, this) and (longer or (other < index and each.text == this)) then
      return true
    end
  end
  return false
end

--- Keep what the server answered for the current buffer, each suggestion once and no beginnings of others.
---@param bufnr integer
---@param client vim.lsp.Client
---@param sent lsp.InlineCompletionItem[]
---@param asked fimble.Place
function M.set(bufnr, client, sent, asked)
  local items = {} ---@type fimble.Item[]
  for _, each in ipairs(sent) do
    items[#items + 1] = item(client, each, asked)
  end
  local different = {} ---@type fimble.Item[]
  for index, each in ipairs(items) do
    if not is_repeated(items, index) then
      different[#different + 1] = each
    end
  end
  local offer = { client = client, items = different, index = 1, tail = asked.tail }
  offers[bufnr] = #different > 0 and offer or nil
end

---@param bufnr integer
function M.clear(bufnr)
  offers[bufnr] = nil
end

---@param bufnr integer
---@return fimble.Offer?
function M.get(bufnr)
  return offers[bufnr]
end

--- The item that is shown.
---@param bufnr integer
---@return fimble.Item?
function M.item(bufnr)
  local offer = offers[bufnr]
  return offer and offer.items[offer.index]
end

--- Show another item. Returns false if there is no other.
---@param bufnr integer
---@param step integer
---@return boolean
function M.turn(bufnr, step)
  local offer = offers[bufnr]
  if not offer or #offer.items < 2 then
    return false
  end
  offer.index = (offer.index - 1 + step) % #offer.items + 1
  return true
end

--- What stands between an item's start and the cursor; nil if the text before the item is another one.
---@param shown fimble.Item
---@param cursor fimble.Place
---@return string?
local function typed(shown, cursor)
  if cursor.row < shown.row or (cursor.row == shown.row and cursor.col < shown.col) then
    return nil
  end
  local lines = api.nvim_buf_get_text(0, shown.row, 0, cursor.row, cursor.col, {})
  if lines[1]:sub(1, shown.col) ~= shown.head then
    return nil
  end
  lines[1] = lines[1]:sub(shown.col + 1)
  return table.concat(lines, '\n')
end

--- What of the offer is still to be typed at the cursor of the current buffer; nil if it does not fit.
---@param bufnr integer
---@return string?
function M.rest(bufnr)
  local shown = M.item(bufnr)
  if not shown or bufnr ~= api.nvim_get_current_buf() then
    return nil
  end
  local cursor = M.cursor()
  if cursor.tail ~= offers[bufnr].tail then
    return nil
  end
  local already = typed(shown, cursor)
  return already and text.rest(shown.text, already)
end

return M

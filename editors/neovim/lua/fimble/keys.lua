--- Insert mode keys of buffers with suggestions. A key that has nothing to do falls through to what it was.

local config = require('fimble.config')
local text = require('fimble.text')

local api = vim.api

local M = {}

local ACTIONS = { 'accept', 'accept_word', 'accept_line', 'dismiss', 'next', 'previous' }

local before = {} ---@type table<integer, table<string, table>> buffer → key → mapping that was there

--- Where in the list of mappings a key is; nil if it is not mapped.
---@param mappings table[]
---@param key string
---@return table?
local function find(mappings, key)
  local raw = vim.keycode(key)
  for _, mapping in ipairs(mappings) do
    if mapping.lhsraw == raw or mapping.lhsrawalt == raw then
      return mapping
    end
  end
end

--- Do what the key did before: the buffer's or everybody's mapping, looked up now, because plugins add
--- theirs at any time; or else the key itself.
---@param bufnr integer
---@param key string
local function fall_through(bufnr, key)
  local plug = ('<Plug>(fimble-was-%s)'):format(key:gsub('[<>]', ''))
  local mapping = (before[bufnr] or {})[key] or find(api.nvim_get_keymap('i'), key)
  if mapping then
    mapping = vim.tbl_extend('force', mapping, { lhs = plug, lhsraw = vim.keycode(plug), buffer = 0 })
    mapping.lhsrawalt = nil
    vim.fn.mapset('i', false, mapping)
  else
    vim.keymap.set('i', plug, key)
  end
  -- ahead of what was typed since, and looking up the mapping
  api.nvim_feedkeys(vim.keycode(plug), 'im', false)
end

--- Whether the completion menu has an entry selected, which is what a key is for then.
---@return boolean
local function in_menu()
  return vim.fn.pumvisible() == 1 and vim.fn.complete_info({ 'selected' }).selected ~= -1
end

--- Whether a key is for indenting now: Tab is, where only blanks stand before the cursor and the suggestion
--- itself begins with a whole level of indentation. Tab types that level then, and takes the rest when it is
--- pressed again, as in VS Code.
---@param key string
---@return boolean
local function indents(key)
  local before_cursor = api.nvim_get_current_line():sub(1, api.nvim_win_get_cursor(0)[2])
  if vim.keycode(key) ~= '\t' or before_cursor:find('%S') then
    return false
  end
  local indentation = text.indentation(require('fimble.suggest').shown() or '')
  return vim.fn.strdisplaywidth(indentation, vim.fn.strdisplaywidth(before_cursor)) >= vim.fn.shiftwidth()
end

--- Map the keys in a buffer.
---@param bufnr integer
function M.claim(bufnr)
  if before[bufnr] then
    return
  end
  before[bufnr] = {}
  for _, action in ipairs(ACTIONS) do
    local key = config.current.keys[action]
    if key then
      before[bufnr][key] = find(api.nvim_buf_get_keymap(bufnr, 'i'), key)
      -- no expression mapping: keys that come in a burst have those evaluated before the text is there
      vim.keymap.set('i', key, function()
        if in_menu() or indents(key) or not require('fimble.suggest').shown() then
          fall_through(bufnr, key)
        else
          require('fimble')[action]()
        end
      end, { buffer = bufnr, desc = 'fimble: ' .. action:gsub('_', ' ') })
    end
  end
end

--- Give the keys back.
---@param bufnr integer
function M.release(bufnr)
  local mappings = before[bufnr]
  before[bufnr] = nil
  if not mappings or not api.nvim_buf_is_valid(bufnr) then
    return
  end
  for _, action in ipairs(ACTIONS) do
    local key = config.current.keys[action]
    if key then
      pcall(vim.keymap.del, 'i', key, { buffer = bufnr })
      if mappings[key] then
        api.nvim_buf_call(bufnr, function()
          vim.fn.mapset('i', false, mappings[key])
        end)
      end
    end
  end
end

return M

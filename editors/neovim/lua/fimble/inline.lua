--- The client for inline completion: asks while the user types, and draws the answer.
---
--- Neovim 0.12 has one of its own. It waits 200 ms before it asks, draws text that no longer fits what was
--- typed meanwhile, puts Windows line ends into the buffer, and cannot be asked by hand.

local compat = require('fimble.compat')
local config = require('fimble.config')
local extras = require('fimble.extras')
local ghost = require('fimble.ghost')
local offers = require('fimble.offers')

local api = vim.api

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2

---@class fimble.Asking The request that is on its way, or about to be
---@field timer uv.uv_timer_t?
---@field client vim.lsp.Client?
---@field id integer?

local asking = {} ---@type table<integer, fimble.Asking>

---@param bufnr integer
local function cancel(bufnr)
  local asked = asking[bufnr] or {}
  asking[bufnr] = nil
  if asked.timer and not asked.timer:is_closing() then
    asked.timer:stop()
    asked.timer:close()
  end
  if asked.id then
    compat.cancel(asked.client, asked.id)
  end
end

--- Draw what fits of the offer, or nothing. Returns whether anything is shown.
---@param bufnr integer
---@return boolean
local function redraw(bufnr)
  local rest = offers.rest(bufnr)
  if not rest or not vim.startswith(api.nvim_get_mode().mode, 'i') then
    ghost.clear(bufnr)
    return false
  end
  local offer = assert(offers.get(bufnr))
  local mark = #offer.items > 1 and (' (%d/%d)'):format(offer.index, #offer.items) or nil
  ghost.draw(bufnr, offers.cursor(), rest, mark)
  return true
end

---@param bufnr integer
---@param client vim.lsp.Client
---@param asked fimble.Place
---@param result lsp.InlineCompletionItem[]|lsp.InlineCompletionList|nil
---@param step integer
local function answered(bufnr, client, asked, result, step)
  if bufnr ~= api.nvim_get_current_buf() then
    return
  end
  offers.set(bufnr, client, result and (result.items or result) or {}, asked)
  offers.turn(bufnr, step)
  if redraw(bufnr) then
    extras.shown(client, assert(offers.item(bufnr)))
  end
end

---@param bufnr integer
---@param kind integer
---@param step integer? which suggestion to show, counted from the first
local function ask(bufnr, kind, step)
  cancel(bufnr)
  local client = require('fimble.server').client(bufnr)
  if not client or bufnr ~= api.nvim_get_current_buf() then
    return
  end
  local asked = offers.cursor()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = kind }
  local _, id = compat.request(client, METHOD, params, function(err, result)
    if not err then
      asking[bufnr] = nil
      answered(bufnr, client, asked, result, step or 0)
    end
  end, bufnr)
  asking[bufnr] = { client = client, id = id }
end

---@param bufnr integer
local function ask_soon(bufnr)
  cancel(bufnr)
  local timer = vim.defer_fn(function()
    ask(bufnr, AUTOMATIC)
  end, config.current.debounce_ms)
  asking[bufnr] = { timer = timer }
end

--- Text or cursor have changed: what is shown is shortened if it still fits, or else asked for anew.
---@param bufnr integer
local function changed(bufnr)
  if redraw(bufnr) then
    return
  end
  offers.clear(bufnr)
  if config.current.auto then
    ask_soon(bufnr)
  else
    cancel(bufnr)
  end
end

--- Hide the suggestion and want none until the text changes.
---@param bufnr integer
function M.hide(bufnr)
  cancel(bufnr)
  offers.clear(bufnr)
  ghost.clear(bufnr)
end

---@param bufnr integer
---@param group integer
function M.attach(bufnr, group)
  api.nvim_create_autocmd({ 'InsertEnter', 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      changed(bufnr)
    end,
  })
  api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.hide(bufnr)
    end,
  })
end

---@param bufnr integer
function M.detach(bufnr)
  M.hide(bufnr)
end

--- What is shown and can be taken.
---@param bufnr integer
---@return string?
function M.shown(bufnr)
  return offers.rest(bufnr)
end

---@param bufnr integer
---@param step integer
function M.turn(bufnr, step)
  if offers.turn(bufnr, step) then
    redraw(bufnr)
  else
    ask(bufnr, INVOKED, step)
  end
end

--- Ask by hand: the server takes longer then, and answers several suggestions.
---@param bufnr integer
function M.suggest(bufnr)
  ask(bufnr, INVOKED)
end

return M

--- Neovim's own client for inline completion (0.12): it asks and draws, we watch, mend and accept.
---
--- Watching means standing between it and the server for this one method. What is mended:
--- answers that no longer fit the text, which it would show and accept regardless; Windows line ends,
--- which it would put into the buffer; acceptance after more was typed, which it would double; and that it
--- has no way to ask by hand.

local extras = require('fimble.extras')
local offers = require('fimble.offers')
local text = require('fimble.text')

local api = vim.api

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local NAMESPACE = 'nvim.lsp.inline_completion'
local INVOKED = 1

---@class fimble.Watched What Neovim's client does in a buffer
---@field client vim.lsp.Client
---@field show lsp.Handler? shows an answer; known once it has asked for something
---@field forgotten integer how often it was made to forget

local watched = {} ---@type table<integer, fimble.Watched>
local between = {} ---@type table<integer, true> clients by id

--- Have Neovim's client begin anew: it forgets what it shows and what it waits for, now. Its own way to
--- accept does that later, when keys that were typed ahead may have changed the text already.
---@param bufnr integer
local function forget(bufnr)
  local state = watched[bufnr]
  state.forgotten, state.show = state.forgotten + 1, nil
  vim.lsp.inline_completion.enable(false, { bufnr = bufnr })
  vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
end

--- Whether Neovim shows this text, and not another server's or none. It may not have shortened it yet.
---@param bufnr integer
---@param rest string
---@return boolean
local function is_drawn(bufnr, rest)
  local namespace = api.nvim_get_namespaces()[NAMESPACE]
  local marks = namespace and api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true }) or {}
  local drawn = marks[1] and marks[1][4].virt_text
  return drawn ~= nil and vim.endswith((drawn[1] or { '' })[1], rest:match('^[^\n]*'))
end

--- The server's answer as Neovim can use it.
---@param bufnr integer
---@param client vim.lsp.Client
---@param asked fimble.Place
---@param result lsp.InlineCompletionItem[]|lsp.InlineCompletionList|nil
---@return lsp.InlineCompletionItem[]
local function mend(bufnr, client, asked, result)
  local items = {} ---@type lsp.InlineCompletionItem[]
  for _, item in ipairs(result and (result.items or result) or {}) do
    if type(item.insertText) == 'string' then
      items[#items + 1] = vim.tbl_extend('force', item, { insertText = text.unix(item.insertText) })
    end
  end
  offers.set(bufnr, client, items, asked)
  return offers.rest(bufnr) and items or {}
end

--- A handler that mends what `show` gets.
---@param bufnr integer
---@param show lsp.Handler
---@return lsp.Handler
local function mending(bufnr, show)
  local state, asked = watched[bufnr], offers.cursor()
  local asked_in = state.forgotten
  return function(err, result, context)
    if bufnr ~= api.nvim_get_current_buf() or asked_in ~= state.forgotten then
      return
    end
    show(err, mend(bufnr, state.client, asked, result), context)
    if M.shown(bufnr) then
      extras.shown(state.client, assert(offers.item(bufnr)))
    end
  end
end

---@param client vim.lsp.Client
local function stand_between(client)
  if between[client.id] then
    return
  end
  between[client.id] = true
  local request = client.request
  ---@diagnostic disable-next-line: duplicate-set-field
  client.request = function(self, method, params, handler, bufnr)
    local state = watched[bufnr]
    if method == METHOD and handler and state and bufnr == api.nvim_get_current_buf() then
      state.show = handler
      handler = mending(bufnr, handler)
    end
    return request(self, method, params, handler, bufnr)
  end
end

---@param bufnr integer
---@param _ integer
---@param client vim.lsp.Client
function M.attach(bufnr, _, client)
  stand_between(client)
  watched[bufnr] = { client = client, forgotten = 0 }
  forget(bufnr)
end

---@param bufnr integer
function M.detach(bufnr)
  offers.clear(bufnr)
  watched[bufnr] = nil
end

--- What is shown and can be taken.
---@param bufnr integer
---@return string?
function M.shown(bufnr)
  local rest = watched[bufnr] and offers.rest(bufnr)
  return rest and is_drawn(bufnr, rest) and rest or nil
end

--- Change the buffer by a part of the suggestion. A part of the line counts as typing, which Neovim's
--- client follows by itself.
---@param bufnr integer
---@param piece string
---@param change fun()
function M.take(bufnr, piece, change)
  if offers.rest(bufnr) == piece or piece:find('\n') then
    forget(bufnr)
  end
  change()
end

---@param bufnr integer
function M.hide(bufnr)
  offers.clear(bufnr)
  if watched[bufnr] then
    forget(bufnr)
  end
end

--- Ask by hand: the server takes longer then, and answers several suggestions. Neovim shows what the
--- function gets that it passed with its last request.
---@param bufnr integer
---@param step integer? which suggestion to show, counted from the first
function M.suggest(bufnr, step)
  local state = watched[bufnr]
  if not state or not state.show then
    return
  end
  local show = state.show
  local params = vim.lsp.util.make_position_params(0, state.client.offset_encoding)
  params.context = { triggerKind = INVOKED }
  state.client:request(METHOD, params, function(err, result, context)
    show(err, result, context)
    if step and offers.turn(bufnr, step) then
      vim.lsp.inline_completion.select({ bufnr = bufnr, count = step })
    end
  end, bufnr)
  state.show = show
end

---@param bufnr integer
---@param step integer
function M.turn(bufnr, step)
  if offers.turn(bufnr, step) then
    vim.lsp.inline_completion.select({ bufnr = bufnr, count = step })
  else
    M.suggest(bufnr, step)
  end
end

return M

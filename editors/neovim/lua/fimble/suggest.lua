--- Suggestions in buffers: accepting, in whole and in part, hiding, turning pages.

local extras = require('fimble.extras')
local ghost = require('fimble.ghost')
local inline = require('fimble.inline')
local offers = require('fimble.offers')
local switches = require('fimble.switches')
local text = require('fimble.text')
local tracking = require('fimble.tracking')

local api = vim.api

local M = {}

--- Neovim's own client, where the user has enabled it, must not draw the same a second time.
---@param client vim.lsp.Client
local function keep_builtin_away(client)
  if vim.lsp.inline_completion then
    vim.lsp.inline_completion.enable(false, { client_id = client.id })
  end
end

--- What was typed while the server started counts as well.
local function catch_up()
  if vim.startswith(api.nvim_get_mode().mode, 'i') then
    api.nvim_exec_autocmds('CursorMovedI', { buffer = 0, modeline = false })
  end
end

--- Begin to suggest in a buffer that the server has got.
---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  if switches.refusal(bufnr) then
    vim.schedule(function()
      vim.lsp.buf_detach_client(bufnr, client.id)
    end)
    return
  end
  local group = api.nvim_create_augroup('fimble.buffer.' .. bufnr, {})
  tracking.follow(bufnr)
  ghost.highlight()
  keep_builtin_away(client)
  require('fimble.keys').claim(bufnr)
  inline.attach(bufnr, group)
  api.nvim_create_autocmd('BufEnter', {
    group = group,
    buffer = bufnr,
    callback = function()
      extras.focused(client, bufnr)
    end,
  })
  api.nvim_create_autocmd('LspDetach', {
    group = group,
    buffer = bufnr,
    callback = function(event)
      if event.data.client_id == client.id then
        M.detach(bufnr)
      end
    end,
  })
  if bufnr == api.nvim_get_current_buf() then
    extras.focused(client, bufnr)
    vim.schedule(catch_up)
  end
end

---@param bufnr integer
function M.detach(bufnr)
  api.nvim_create_augroup('fimble.buffer.' .. bufnr, {})
  inline.detach(bufnr)
  require('fimble.keys').release(bufnr)
end

--- What is shown in the current buffer.
---@return string?
function M.shown()
  return inline.shown(api.nvim_get_current_buf())
end

--- Put text at the cursor, and the cursor behind it.
---@param piece string
local function insert(piece)
  local row, col = unpack(api.nvim_win_get_cursor(0))
  local lines = vim.split(piece, '\n', { plain = true })
  api.nvim_buf_set_text(0, row - 1, col, row - 1, col, lines)
  local start = #lines == 1 and col or 0
  api.nvim_win_set_cursor(0, { row + #lines - 1, start + #lines[#lines] })
end

--- Take what `part` takes of the suggestion. Returns false if there is none.
---@param part fun(rest: string): string
---@return boolean
function M.accept(part)
  local bufnr = api.nvim_get_current_buf()
  local rest, item, offer = inline.shown(bufnr), offers.item(bufnr), offers.get(bufnr)
  if not rest or not item or not offer then
    return false
  end
  local piece = part(rest)
  vim.bo[bufnr].undolevels = vim.bo[bufnr].undolevels -- what was typed is one undo step, this is the next
  insert(piece)
  if piece == rest then
    offers.clear(bufnr)
    extras.accepted(offer.client, item, bufnr)
  else
    extras.partly_accepted(offer.client, item, item.text:sub(1, #item.text - #rest + #piece))
  end
  return true
end

---@return boolean
function M.accept_all()
  return M.accept(function(rest)
    return rest
  end)
end

---@return boolean
function M.accept_word()
  return M.accept(text.next_word)
end

---@return boolean
function M.accept_line()
  return M.accept(text.next_line)
end

function M.hide()
  inline.hide(api.nvim_get_current_buf())
end

---@param step integer
function M.turn(step)
  inline.turn(api.nvim_get_current_buf(), step)
end

function M.suggest()
  inline.suggest(api.nvim_get_current_buf())
end

return M

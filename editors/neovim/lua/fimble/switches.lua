--- Where suggestions are wanted: everywhere or not, by file type, by buffer.

local config = require('fimble.config')

local M = {}

--- Whether suggestions are switched on. Off means off: no server runs.
M.on = true

--- The timer that ends a snooze, and when that is, as people write it.
M.snooze_timer = nil ---@type uv.uv_timer_t?
M.snoozed_until = '' ---@type string

--- Whether a file type is wanted, if the buffer has no say of its own.
---@param filetype string
---@return boolean
local function is_wanted(filetype)
  local filetypes = config.current.filetypes
  return vim.F.if_nil(filetypes[filetype], filetypes['*']) ~= false
end

--- Why a buffer gets no suggestions, as the end of a sentence; nil if it gets them.
---@param bufnr integer
---@return string?
function M.refusal(bufnr)
  local filetype, own = vim.bo[bufnr].filetype, vim.b[bufnr].fimble
  if M.snooze_timer then
    return ('it is switched off until %s (:Fimble toggle)'):format(M.snoozed_until)
  elseif not M.on then
    return 'it is switched off (:Fimble toggle)'
  elseif own == false then
    return 'it is switched off in this buffer (:Fimble toggle buffer)'
  elseif vim.bo[bufnr].buftype ~= '' then
    return 'this buffer is no file'
  elseif filetype == '' then
    return 'this buffer has no file type (:set filetype=…, or save it under a name)'
  elseif not own and not is_wanted(filetype) then
    return ('the option `filetypes` excludes %q (:Fimble toggle filetype)'):format(filetype)
  end
end

--- Be on, and end a snooze.
function M.wake()
  M.on = true
  if M.snooze_timer then
    M.snooze_timer:stop()
    M.snooze_timer:close()
    M.snooze_timer = nil
  end
end

---@param on boolean
function M.switch(on)
  local server = require('fimble.server')
  M.wake()
  M.on = on
  if on then
    require('fimble.notices').forget()
    server.attach_all()
  else
    server.stop()
  end
end

--- Off for a while.
---@param minutes number
function M.snooze(minutes)
  M.switch(false)
  local milliseconds = math.floor(minutes * 60000)
  M.snoozed_until = os.date('%H:%M', os.time() + math.ceil(milliseconds / 1000)) --[[@as string]]
  M.snooze_timer = vim.uv.new_timer()
  M.snooze_timer:start(milliseconds, 0, vim.schedule_wrap(function()
    M.switch(true)
  end))
end

--- Give a buffer to the server, or take it away, as the switches are now.
---@param bufnr integer
local function apply(bufnr)
  local server = require('fimble.server')
  local client = server.client(bufnr)
  if not M.refusal(bufnr) then
    server.attach(bufnr)
  elseif client then
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
end

--- The buffer has a say of its own only where its file type says something else.
---@param bufnr integer
---@param on boolean
function M.switch_buffer(bufnr, on)
  vim.b[bufnr].fimble = on
  if on and is_wanted(vim.bo[bufnr].filetype) then
    vim.b[bufnr].fimble = nil
  end
  apply(bufnr)
end

--- For every buffer of the type, whatever it said of its own.
---@param filetype string
---@param on boolean
function M.switch_filetype(filetype, on)
  config.current.filetypes[filetype] = on
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[bufnr].filetype == filetype then
      vim.b[bufnr].fimble = nil
      apply(bufnr)
    end
  end
end

return M

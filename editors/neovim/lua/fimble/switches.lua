--- Where suggestions are wanted: everywhere or not, by file type, by buffer.

local config = require('fimble.config')

local M = {}

--- Whether suggestions are switched on. Off means off: no server runs.
M.on = true

--- The timer that ends a snooze.
M.snooze_timer = nil ---@type uv.uv_timer_t?

--- Why a buffer gets no suggestions, as the end of a sentence; nil if it gets them.
---@param bufnr integer
---@return string?
function M.refusal(bufnr)
  local filetype = vim.bo[bufnr].filetype
  local filetypes = config.current.filetypes
  local wanted = filetypes[filetype]
  if M.snooze_timer then
    return 'it is switched off for a while (:Fimble toggle)'
  elseif not M.on then
    return 'it is switched off (:Fimble toggle)'
  elseif vim.b[bufnr].fimble == false then
    return 'it is switched off in this buffer (:Fimble toggle buffer)'
  elseif vim.bo[bufnr].buftype ~= '' then
    return 'this buffer is no file'
  elseif wanted == false or (wanted == nil and filetypes['*'] == false) then
    return ('the option `filetypes` excludes %q'):format(filetype)
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
  M.snooze_timer = vim.uv.new_timer()
  M.snooze_timer:start(math.floor(minutes * 60000), 0, vim.schedule_wrap(function()
    M.switch(true)
  end))
end

---@param bufnr integer
---@param on boolean
function M.switch_buffer(bufnr, on)
  local server = require('fimble.server')
  vim.b[bufnr].fimble = on
  local client = server.client(bufnr)
  if on then
    server.attach(bufnr)
  elseif client then
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
end

---@param filetype string
---@param on boolean
function M.switch_filetype(filetype, on)
  config.current.filetypes[filetype] = on
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.bo[bufnr].filetype == filetype then
      M.switch_buffer(bufnr, on)
    end
  end
end

return M

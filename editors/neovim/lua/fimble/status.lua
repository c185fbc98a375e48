--- What the server is doing, for the statusline and `:Fimble status`.

local M = {}

---@class fimble.Status
---@field kind 'ready'|'loading'|'thinking'|'off'|'snoozed'|'error'
---@field message string?
---@field action string? what the user can do
---@field progress number? percent of what is being loaded
---@field engine string? what answers now, and what it stands in for
---@field model string? its model
---@field project string? what it remembers of the workspace

---@type fimble.Status
local current = { kind = 'loading' }

--- Remember what the server told, and have statuslines drawn again.
---@param status fimble.Status
function M.set(status)
  current = status
  vim.schedule(function()
    vim.api.nvim_exec_autocmds('User', { pattern = 'FimbleStatus', modeline = false })
    vim.cmd.redrawstatus()
  end)
end

--- Something is wrong: shown as long as it lasts, and told once.
---@param message string
---@param action string what the user can do, as a sentence
function M.trouble(message, action)
  M.set({ kind = 'error', message = message, action = action })
  require('fimble.notices').once(message .. '. ' .. action, vim.log.levels.ERROR)
end

--- What the server told last.
---@return fimble.Status
function M.of_server()
  return current
end

--- The state as it concerns the current buffer.
---@return fimble.Status
function M.get()
  local switches = require('fimble.switches')
  local refusal = switches.refusal(vim.api.nvim_get_current_buf())
  if refusal then
    return { kind = switches.snooze_timer and 'snoozed' or 'off', message = refusal }
  elseif current.kind ~= 'error' and not require('fimble.server').client() then
    return { kind = 'loading', message = 'the server is starting' }
  end
  return current
end

--- For a statusline: a word or two, such as `fimble` or `fimble ⋯ 40%`.
---@return string
function M.line()
  local status = M.get()
  local icon = require('fimble.config').current.icons[status.kind] or status.kind
  return status.progress and ('%s %d%%'):format(icon, status.progress) or icon
end

return M

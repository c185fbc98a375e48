--- One sentence to the user for each cause.

local M = {}

local told = {} ---@type table<string, true>

---@param message string
---@param level integer? one of `vim.log.levels`
function M.tell(message, level)
  vim.schedule(function()
    vim.notify('fimble: ' .. message, level or vim.log.levels.INFO, { title = 'fimble' })
  end)
end

--- As `tell`, unless the same was told before.
---@param message string
---@param level integer?
function M.once(message, level)
  if not told[message] then
    told[message] = true
    M.tell(message, level)
  end
end

--- A cause is gone: should it come back, it is told again.
function M.forget()
  told = {}
end

return M

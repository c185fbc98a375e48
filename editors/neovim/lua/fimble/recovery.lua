--- Starts a server again that has died, later each time, and says so when it keeps dying.

local M = {}

local PAUSES_MS = { 200, 2000, 10000 }
local CALM_MS = 60000
local NEXT = ':Fimble restart starts it again, :Fimble log shows why, :checkhealth fimble examines it.'

local deaths = {} ---@type integer[] when the server died lately

--- Somebody has seen to it: it may die as often as before.
function M.forget()
  deaths = {}
end

---@return integer? milliseconds until it is started again; nil when it has died too often
local function pause()
  local now = vim.uv.now()
  deaths = vim.tbl_filter(function(at)
    return now - at < CALM_MS
  end, deaths)
  deaths[#deaths + 1] = now
  return PAUSES_MS[#deaths]
end

---@param cause string
---@param served boolean whether it had started well; otherwise trying again is of no use
---@param again fun()
function M.died(cause, served, again)
  local status = require('fimble.status')
  local wait = served and pause()
  if wait then
    status.set({ kind = 'loading', message = ('the server stopped (%s) and starts again'):format(cause) })
    vim.defer_fn(again, wait)
  else
    local what = served and 'keeps stopping' or 'does not start'
    status.trouble(('the server %s (%s)'):format(what, cause), NEXT)
  end
end

return M

--- Inline code suggestions from the fimble language server. See |fimble|.
---
--- Nothing needs to be called: `setup()` only changes options.

local M = {}

--- Change options; see |fimble-options|.
---@param options table? of the shape of `fimble.Config`, any part of it
function M.setup(options)
  local config = require('fimble.config')
  for _, problem in ipairs(config.set(options)) do
    require('fimble.notices').once(problem, vim.log.levels.WARN)
  end
  require('fimble.server').configure()
end

--- For a statusline: `fimble`, `fimble ⋯ 40%`, `fimble off` and so on.
---@return string
function M.status()
  return require('fimble.status').line()
end

--- Switch suggestions on or off: everywhere, or in one buffer (0 is the current one).
---@param on boolean? by default the other state
---@param bufnr integer?
function M.toggle(on, bufnr)
  local switches = require('fimble.switches')
  if not bufnr then
    switches.switch(vim.F.if_nil(on, not switches.on))
    return
  end
  bufnr = bufnr == 0 and vim.api.nvim_get_current_buf() or bufnr
  switches.switch_buffer(bufnr, vim.F.if_nil(on, vim.b[bufnr].fimble == false))
end

--- Ask for a suggestion now.
function M.suggest()
  require('fimble.suggest').suggest()
end

--- Take the suggestion that is shown. This and the next two return false if there is none.
---@return boolean
function M.accept()
  return require('fimble.suggest').accept_all()
end

--- Take its next word.
---@return boolean
function M.accept_word()
  return require('fimble.suggest').accept_word()
end

--- Take the rest of its line, or its next one.
---@return boolean
function M.accept_line()
  return require('fimble.suggest').accept_line()
end

--- Hide it.
function M.dismiss()
  require('fimble.suggest').hide()
end

--- Show another suggestion.
function M.next()
  require('fimble.suggest').turn(1)
end

--- Show the one before.
function M.previous()
  require('fimble.suggest').turn(-1)
end

return M

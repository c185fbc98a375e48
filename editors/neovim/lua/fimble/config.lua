--- What the user sets. `setup()` and `vim.g.fimble` are laid over the defaults; mistakes are told, not fatal.

---@class fimble.Keys Insert mode keys; `false` leaves a key alone
---@field accept string|false take the whole suggestion
---@field accept_word string|false take its next word
---@field accept_line string|false take its next line
---@field dismiss string|false hide it
---@field next string|false show another one
---@field previous string|false show the one before

---@class fimble.Icons Texts of the statusline component
---@field ready string
---@field loading string
---@field thinking string
---@field off string
---@field snoozed string
---@field error string

---@class fimble.Config
---@field cmd string[]|false how to start the server; `false`: as `lsp/fimble.lua` says
---@field auto boolean suggest while typing; when off only on `<Plug>(fimble-suggest)`
---@field debounce_ms integer pause in typing before the server is asked
---@field filetypes table<string, boolean> which file types get suggestions; `['*']` is the rest
---@field keys fimble.Keys
---@field icons fimble.Icons
---@field options table<string, any> sent to the server as it starts, such as `model` or `engine`

local M = {}

---@type fimble.Config
M.defaults = {
  cmd = false,
  auto = true,
  debounce_ms = 30,
  filetypes = { ['*'] = true, gitcommit = false, gitrebase = false, help = false },
  keys = {
    accept = '<Tab>',
    accept_word = '<C-Right>',
    accept_line = '<M-l>',
    dismiss = '<C-]>',
    next = '<M-n>',
    previous = '<M-p>',
  },
  icons = {
    ready = 'fimble',
    loading = 'fimble ⋯',
    thinking = 'fimble ·',
    off = 'fimble off',
    snoozed = 'fimble zz',
    error = 'fimble !',
  },
  options = {},
}

---@type fimble.Config
M.current = vim.deepcopy(M.defaults)

--- Free tables: any key is right in them.
local OPEN = { filetypes = true, options = true }

---@param given table
---@param defaults table
---@param path string
---@param problems string[]
local function check(given, defaults, path, problems)
  for key, value in pairs(given) do
    local name, default = path .. tostring(key), defaults[key]
    if default == nil then
      problems[#problems + 1] = ('there is no option `%s`; :help fimble-options lists them'):format(name)
      given[key] = nil
    elseif value ~= false and default ~= false and type(value) ~= type(default) then
      local sentence = '`%s` should be a %s, not a %s; the default is used'
      problems[#problems + 1] = sentence:format(name, type(default), type(value))
      given[key] = nil
    elseif type(value) == 'table' and type(default) == 'table' and not OPEN[key] then
      check(value, default, name .. '.', problems)
    end
  end
end

--- Take the user's options.
---@param given table?
---@return string[] problems a sentence for each thing that is not usable
function M.set(given)
  local problems = {} ---@type string[]
  given = vim.deepcopy(given or {})
  check(given, M.defaults, '', problems)
  M.current = vim.tbl_deep_extend('force', vim.deepcopy(M.defaults), given)
  return problems
end

return M

--- `:checkhealth fimble`.

local config = require('fimble.config')
local server = require('fimble.server')
local switches = require('fimble.switches')

local health = vim.health

local M = {}

local DOCTOR_MS = 60000
local INSTALL = 'Install it: pipx install fimble (or: uv tool install fimble)'

local function check_neovim()
  health.start('Neovim')
  health.ok(tostring(vim.version()))
end

---@return string? program
local function check_program()
  health.start('Server program')
  local cmd = server.config().cmd
  if type(cmd) ~= 'table' then
    health.info('`cmd` is a function, so it cannot be checked')
    return nil
  end
  local path = vim.fn.exepath(cmd[1])
  if path == '' then
    health.error(('`%s` was not found'):format(cmd[1]), { INSTALL, 'Or set the option `cmd` to where it is' })
    return nil
  end
  local ran = vim.system({ path, '--version' }, { text = true }):wait(DOCTOR_MS)
  if ran.code ~= 0 then
    health.error(('%s does not run: %s'):format(path, vim.trim(ran.stderr or '')), { INSTALL })
    return nil
  end
  health.ok(('%s (%s)'):format(path, vim.trim(ran.stdout)))
  return path
end

--- The program's own examination: model, grammars, settings, a trial suggestion.
---@param program string
local function check_engine(program)
  health.start('Engine (fimble doctor)')
  local ran = vim.system({ program, 'doctor', '--json' }, { text = true }):wait(DOCTOR_MS)
  local ok, report = pcall(vim.json.decode, ran.stdout or '')
  if not ok or type(report) ~= 'table' then
    health.warn('`fimble doctor` gave no report', { 'Run it in a terminal to see why' })
    return
  end
  local tell = { ok = health.ok, warning = health.warn, error = health.error }
  for _, check in ipairs(report.checks or {}) do
    local advice = check.advice ~= '' and { check.advice } or nil
    tell[check.result](('%s: %s'):format(check.name, check.detail), advice)
  end
end

local function check_running()
  health.start('Running server')
  local client = server.client()
  if not client then
    local reason = switches.on and 'it starts with the first file' or 'it is switched off (:Fimble toggle)'
    health.info('none: ' .. reason)
    return
  end
  health.ok(('client %d, columns in %s'):format(client.id, client.offset_encoding))
  local files = vim.tbl_count(client.attached_buffers)
  health.ok(('%d open file%s'):format(files, files == 1 and '' or 's'))
  local status = require('fimble.status').of_server()
  if status.engine then
    health.ok(('engine: %s'):format(status.engine))
  end
  if status.model then
    health.ok(('model: %s'):format(status.model))
  end
  if client.server_capabilities.inlineCompletionProvider then
    health.ok('it offers inline completion')
  else
    health.error('it does not offer inline completion', { 'Check that `cmd` starts fimble: :Fimble status' })
  end
end

local function check_keys()
  health.start('Keys in insert mode')
  for action, key in vim.spairs(config.current.keys) do
    health.info(('%s: %s'):format(action, key or 'none'))
  end
  if config.current.keys.accept == '<Tab>' and package.loaded['cmp'] then
    health.info('nvim-cmp is here too: <Tab> accepts a suggestion that is shown, and is its own otherwise')
  end
end

function M.check()
  check_neovim()
  local program = check_program()
  check_running()
  check_keys()
  if program then
    check_engine(program)
  end
end

return M

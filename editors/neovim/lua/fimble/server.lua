--- The server's life: when it starts, for which buffers, and what is said when it dies.

local compat = require('fimble.compat')
local config = require('fimble.config')
local notices = require('fimble.notices')
local recovery = require('fimble.recovery')
local switches = require('fimble.switches')

local M = {}

local NAME = 'fimble'
local FORCE_AFTER_MS = 2000
local INSTALL = 'Install it (pipx install fimble), or set the option `cmd` to where it is; '
  .. ':checkhealth fimble looks again.'

local stopping = false
local after_stop = nil ---@type fun()?
local served = {} ---@type table<integer, true> clients by id whose server has started

--- The running server of a buffer, or any one.
---@param bufnr integer?
---@return vim.lsp.Client?
function M.client(bufnr)
  return vim.lsp.get_clients({ name = NAME, bufnr = bufnr })[1]
end

--- The user's options for the server, an object even when there are none.
---@return table
local function server_options()
  return vim.tbl_extend('force', vim.empty_dict(), config.current.options)
end

--- Whether a running server will do: one serves a folder, and one all files that are in none.
---@param client vim.lsp.Client
---@param wanted vim.lsp.ClientConfig
---@return boolean
local function is_same(client, wanted)
  return client.name == NAME
    and client.config.root_dir == wanted.root_dir
    and not client.rpc.is_closing()
end

--- What the server must be started with, on top of how it is found.
---@param base vim.lsp.Config
---@return vim.lsp.Config
function M.complete(base)
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  -- it is the plugin that asks, of which Neovim does not know; else the server would offer a menu instead
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  return vim.tbl_extend('force', base, {
    capabilities = capabilities,
    handlers = {
      ['fimble/status'] = function(_, status)
        require('fimble.status').set(status)
      end,
      ['window/showMessage'] = function(_, message)
        -- types count down from errors, levels up to them
        notices.once((message.message:gsub('^fimble: ', '')), vim.log.levels.ERROR + 1 - message.type)
        return vim.NIL
      end,
    },
    init_options = server_options(),
    settings = { [NAME] = server_options() },
    on_init = function(client)
      served[client.id] = true
      require('fimble.status').set({ kind = 'ready' })
    end,
    on_exit = vim.schedule_wrap(M.exited),
    reuse_client = is_same,
  }, config.current.cmd and { cmd = config.current.cmd } or {})
end

--- Options have changed: running servers are told, and the next start uses them.
function M.configure()
  local options = server_options()
  local settings = { [NAME] = options }
  if compat.enable then
    vim.lsp.config(NAME, { cmd = config.current.cmd or nil, init_options = options, settings = settings })
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = NAME })) do
    client.settings = settings
    compat.notify(client, 'workspace/didChangeConfiguration', { settings = settings })
  end
end

--- The configuration with the user's own on top.
---@return vim.lsp.Config
function M.config()
  if compat.enable then
    return vim.deepcopy(vim.lsp.config[NAME])
  end
  return dofile(vim.api.nvim_get_runtime_file('lsp/fimble.lua', false)[1])
end

--- Start the server for a buffer, or let the running one have it.
---@param bufnr integer
function M.attach(bufnr)
  if switches.refusal(bufnr) then
    return
  elseif stopping then
    after_stop = M.attach_all
    return
  elseif M.client(bufnr) then
    return
  end
  local wanted = M.config()
  local program = type(wanted.cmd) == 'table' and wanted.cmd[1]
  if program and vim.fn.executable(program) == 0 then
    require('fimble.status').trouble(('the program `%s` was not found'):format(program), INSTALL)
    return
  end
  if type(wanted.root_dir) ~= 'string' then
    wanted.root_dir = vim.fs.root(bufnr, wanted.root_markers or {})
  end
  vim.lsp.start(wanted, { bufnr = bufnr, reuse_client = wanted.reuse_client })
end

--- Let every open file have the server.
function M.attach_all()
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.bo[bufnr].filetype ~= '' then
      M.attach(bufnr)
    end
  end
end

---@param client_id integer
---@return boolean
local function is_last(client_id)
  local clients = vim.lsp.get_clients({ name = NAME, _uninitialized = true })
  return #clients == 0 or (#clients == 1 and clients[1].id == client_id)
end

---@param code integer
---@param signal integer
---@param client_id integer
function M.exited(code, signal, client_id)
  local expected, continue = stopping, after_stop
  if is_last(client_id) then
    stopping, after_stop = false, nil
    vim.schedule(continue or function() end)
  end
  if expected or vim.v.exiting ~= vim.NIL or (code == 0 and signal == 0) then
    return
  end
  local cause = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
  recovery.died(cause, served[client_id] == true, M.attach_all)
end

--- Stop the server.
---@param continue fun()? called when it is gone
function M.stop(continue)
  local clients = vim.lsp.get_clients({ name = NAME, _uninitialized = true })
  if #clients == 0 then
    return continue and continue()
  end
  stopping, after_stop = true, continue
  for _, client in ipairs(clients) do
    compat.stop(client)
  end
  vim.defer_fn(function()
    for _, client in ipairs(clients) do
      if vim.lsp.get_client_by_id(client.id) then
        compat.stop(client, true)
      end
    end
  end, FORCE_AFTER_MS)
end

function M.restart()
  notices.forget()
  recovery.forget()
  switches.wake()
  M.stop(M.attach_all)
end

--- Whether the server speaks our extensions of the protocol.
---@param client vim.lsp.Client
---@return boolean
function M.extended(client)
  return vim.tbl_get(client.server_capabilities or {}, 'experimental', 'fimble') ~= nil
end

--- Run one of the server's commands. Returns false if this server has no such command.
---@param command string
---@param arguments any[]
---@param on_result fun(result: any)?
---@return boolean
function M.execute(command, arguments, on_result)
  local client = M.client()
  local known = client and vim.tbl_get(client.server_capabilities or {}, 'executeCommandProvider', 'commands')
  if not client or not vim.list_contains(known or {}, command) then
    return false
  end
  local params = { command = command, arguments = arguments }
  compat.request(client, 'workspace/executeCommand', params, function(err, result)
    if err then
      notices.tell(err.message, vim.log.levels.WARN)
    elseif on_result then
      on_result(result)
    end
  end)
  return true
end

return M

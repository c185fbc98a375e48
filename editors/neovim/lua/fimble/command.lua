--- `:Fimble` and its words.

local notices = require('fimble.notices')
local server = require('fimble.server')
local switches = require('fimble.switches')

local M = {}

---@type table<string, fun(argument: string?)>
local words = {}

---@type table<string, fun(): string[]> what can follow a word
local arguments = {}

--- A server's answer for people: one line for each of its fields.
---@param result any
---@return string
local function readable(result)
  if type(result) ~= 'table' then
    return tostring(result)
  end
  local lines = {} ---@type string[]
  for key, value in vim.spairs(result) do
    lines[#lines + 1] = ('%s: %s'):format(key, type(value) == 'table' and vim.inspect(value) or value)
  end
  return table.concat(lines, '\n')
end

function words.status()
  local status = require('fimble.status').get()
  local message = status.message and '. ' .. status.message or ''
  local lines = { 'fimble: ' .. status.kind .. message }
  if status.action then
    lines[#lines + 1] = 'next: ' .. status.action
  end
  for _, fact in ipairs({ 'engine', 'model', 'project' }) do
    if status[fact] then
      lines[#lines + 1] = fact .. ': ' .. status[fact]
    end
  end
  local client = server.client()
  if client then
    local cmd = client.config.cmd
    lines[#lines + 1] = 'server: ' .. (type(cmd) == 'table' and table.concat(cmd, ' ') or 'a function')
    lines[#lines + 1] = 'folder: ' .. (client.config.root_dir or 'none')
  end
  vim.notify(table.concat(lines, '\n'))
end

--- What can be switched besides everything.
---@type table<string, fun(on: boolean)>
local narrower = {
  buffer = function(on)
    switches.switch_buffer(vim.api.nvim_get_current_buf(), on)
  end,
  filetype = function(on)
    switches.switch_filetype(vim.bo.filetype, on)
  end,
}

---@param where string?
function words.toggle(where)
  if where == nil then
    switches.switch(not switches.on)
    notices.tell(switches.on and 'on' or 'off')
  elseif narrower[where] then
    narrower[where](switches.refusal(0) ~= nil)
    local refusal = switches.refusal(0)
    notices.tell(refusal and ('off here: %s'):format(refusal) or ('on in this %s'):format(where))
  else
    notices.tell(':Fimble toggle takes `buffer`, `filetype` or nothing', vim.log.levels.WARN)
  end
end

function arguments.toggle()
  return vim.tbl_keys(narrower)
end

--- Off for some minutes.
---@param minutes string?
function words.snooze(minutes)
  local count = tonumber(minutes or 10)
  if not count or count <= 0 then
    return notices.tell(':Fimble snooze takes minutes, such as :Fimble snooze 10', vim.log.levels.WARN)
  end
  switches.snooze(count)
  local sentence = 'off for %g minute%s, until %s'
  notices.tell(sentence:format(count, count == 1 and '' or 's', switches.snoozed_until))
end

--- Have the server change its model, or start it again with the other one.
---@param name string
local function use_model(name)
  require('fimble.config').current.options.model = name
  server.configure()
  local changed = server.execute('fimble.model', { { name = name } }, function(result)
    notices.tell(result.error or ('the model is ' .. name))
  end)
  if not changed then
    server.restart()
  end
end

--- Download a model in the background, then use it. What was broken off goes on where it stopped.
---@param name string
local function pull_model(name)
  local cmd = server.config().cmd
  if type(cmd) ~= 'table' then
    return notices.tell(('run `fimble models pull %s` in a terminal'):format(name))
  end
  local program = vim.list_slice(cmd, 1, #cmd - 1) -- without its last word, `lsp`
  notices.tell(('downloading %s'):format(name))
  vim.system(vim.list_extend(program, { 'models', 'pull', name }), { text = true }, function(done)
    vim.schedule(function()
      if done.code == 0 then
        return use_model(name)
      end
      local said = vim.split(vim.trim(done.stderr or ''), '\n')
      notices.tell((said[#said]:gsub('^fimble: ', '')), vim.log.levels.WARN)
    end)
  end)
end

---@param offer { name: string, here: boolean, detail: string }
local function describe(offer)
  local place = offer.here and '' or 'download, '
  return offer.detail == '' and offer.name or ('%s (%s%s)'):format(offer.name, place, offer.detail)
end

---@param name string?
function words.model(name)
  if name then
    return use_model(name)
  end
  local asked = server.execute('fimble.models', {}, function(result)
    local offered = result.offered
      or vim.tbl_map(function(each)
        return { name = each, here = true, detail = '' }
      end, result.selectable or {})
    vim.ui.select(offered, { prompt = 'Model', format_item = describe }, function(choice)
      if choice and choice.here then
        use_model(choice.name)
      elseif choice then
        pull_model(choice.name)
      end
    end)
  end)
  if not asked then
    notices.tell('name a model: `bundled`, or the path of a GGUF file', vim.log.levels.WARN)
  end
end

local EAGERNESS = { 'subtle', 'balanced', 'eager' }

--- How sure a suggestion must be to be shown; without a name it is asked for.
---@param name string?
function words.eagerness(name)
  local options = require('fimble.config').current.options
  if not name then
    return vim.ui.select(EAGERNESS, { prompt = 'Suggestions' }, function(choice)
      if choice then
        words.eagerness(choice)
      end
    end)
  end
  if not vim.tbl_contains(EAGERNESS, name) then
    local sentence = ':Fimble eagerness takes one of %s'
    return notices.tell(sentence:format(table.concat(EAGERNESS, ', ')), vim.log.levels.WARN)
  end
  options.eagerness = name
  server.configure()
  notices.tell('suggestions are ' .. name)
end

function arguments.eagerness()
  return vim.deepcopy(EAGERNESS)
end

function words.log()
  vim.cmd.split(vim.fn.fnameescape(require('vim.lsp.log').get_filename()))
  vim.cmd.normal('G')
end

function words.restart()
  server.restart()
  notices.tell('restarted')
end

function words.stats()
  local asked = server.execute('fimble.stats', {}, function(result)
    vim.notify(readable(result))
  end)
  if not asked then
    notices.tell('this server keeps no statistics, or does not run', vim.log.levels.WARN)
  end
end

--- Run `:Fimble WORD ARGUMENT`.
---@param given string[]
function M.run(given)
  local word = given[1] or 'status'
  if not words[word] then
    local known = vim.tbl_keys(words)
    table.sort(known)
    local sentence = 'there is no :Fimble %s; there are %s'
    return notices.tell(sentence:format(word, table.concat(known, ', ')), vim.log.levels.WARN)
  end
  words[word](given[2])
end

--- Completion of `:Fimble`.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local word = line:match('^%s*%a+!?%s+(%a+)%s')
  local choices = not word and vim.tbl_keys(words) or arguments[word] and arguments[word]() or {}
  table.sort(choices)
  return vim.tbl_filter(function(choice)
    return vim.startswith(choice, lead)
  end, choices)
end

return M

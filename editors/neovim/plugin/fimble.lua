--- Runs at every start of Neovim, so it only leaves hooks: modules are loaded when a file is opened.

if vim.g.loaded_fimble then
  return
end
vim.g.loaded_fimble = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('fimble needs Neovim 0.10 or newer', vim.log.levels.ERROR)
  return
end

local actions = { 'suggest', 'accept', 'accept_word', 'accept_line', 'dismiss', 'next', 'previous' }
for _, action in ipairs(actions) do
  local plug = ('<Plug>(fimble-%s)'):format(action:gsub('_', '-'))
  vim.keymap.set('i', plug, function()
    require('fimble')[action]()
  end, { desc = 'fimble: ' .. action:gsub('_', ' ') })
end

if vim.g.fimble then
  require('fimble').setup(vim.g.fimble)
end

vim.api.nvim_create_user_command('Fimble', function(call)
  require('fimble.command').run(call.fargs)
end, {
  nargs = '*',
  desc = 'fimble: state, switches, model, log',
  complete = function(lead, line)
    return require('fimble.command').complete(lead, line)
  end,
})

local group = vim.api.nvim_create_augroup('fimble', {})

vim.api.nvim_create_autocmd('FileType', {
  group = group,
  callback = function(event)
    require('fimble.server').attach(event.buf)
  end,
})

-- also for a server that was enabled by hand
vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == 'fimble' then
      require('fimble.suggest').attach(client, event.buf)
    end
  end,
})

-- loaded late, by a plugin manager: files that are open already count as well
if vim.v.vim_did_enter == 1 then
  vim.schedule(function()
    require('fimble.server').attach_all()
  end)
end

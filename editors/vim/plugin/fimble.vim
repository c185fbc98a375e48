vim9script noclear
# Runs at every start of Vim, so it only leaves hooks: the rest is loaded at the first insertion.

if has('nvim') || exists('g:loaded_fimble')
  finish
endif
g:loaded_fimble = true

if !has('patch-9.0.1378') || !has('textprop') || !has('job') || !has('channel')
  echomsg 'fimble needs Vim 9.0.1378 or newer, with +channel, +job and +textprop'
  finish
endif

import autoload '../autoload/fimble/command.vim'
import autoload '../autoload/fimble/keys.vim'
import autoload '../autoload/fimble/suggest.vim'

command -nargs=* -complete=customlist,command.Complete Fimble command.Run([<f-args>])

for action in ['suggest', 'accept', 'accept-word', 'accept-line', 'dismiss']
  const plug = '<Plug>(fimble-' .. action .. ')'
  execute 'inoremap ' .. plug .. " <ScriptCmd>keys.Do('" .. action .. "')<CR>"
endfor

augroup fimble
  autocmd!
  autocmd InsertEnter * suggest.Enter()
  autocmd TextChangedI,TextChangedP,CursorMovedI * suggest.Changed()
  autocmd BufLeave * suggest.Hide()
  autocmd BufUnload * suggest.Forget(str2nr(expand('<abuf>')))
  autocmd ModeChanged i*:[^i]* suggest.Hide() # CTRL-C, too, for which there is no InsertLeave
augroup END

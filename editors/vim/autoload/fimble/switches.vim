vim9script
# Where suggestions are wanted.

import autoload './options.vim'
import autoload './server.vim'
import autoload './suggest.vim'

# Whether suggestions are switched on. Off means off: no server runs.
export var on = true

# Why the current buffer gets no suggestions, as the end of a sentence; empty if it gets them.
export def Refusal(): string
  if !on
    return 'they are switched off (:Fimble toggle)'
  elseif !get(b:, 'fimble', true)
    return 'they are switched off in this buffer (:Fimble toggle buffer)'
  elseif &buftype != ''
    return 'this buffer is no file'
  elseif !options.Wanted(&filetype)
    return $"g:fimble_filetypes excludes '{&filetype}'"
  endif
  return ''
enddef

export def Switch(wanted: bool)
  on = wanted
  if !on
    suggest.Hide()
    server.Stop()
  endif
  redrawstatus!
enddef

export def SwitchBuffer(wanted: bool)
  b:fimble = wanted
  if !wanted
    suggest.Hide()
  endif
  redrawstatus!
enddef

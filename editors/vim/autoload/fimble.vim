vim9script
# What users call; see |fimble-functions|.

import autoload './fimble/keys.vim'
import autoload './fimble/status.vim'
import autoload './fimble/switches.vim'

# For a statusline: `fimble`, `fimble ⋯`, `fimble off`, `fimble !`.
export def Status(): string
  return status.Line()
enddef

# Switch suggestions on or off.
export def Toggle()
  switches.Switch(!switches.on)
enddef

# `suggest`, `accept`, `accept-word`, `accept-line` or `dismiss`; false if there was nothing to do it with.
export def Do(action: string): bool
  return keys.Do(action)
enddef

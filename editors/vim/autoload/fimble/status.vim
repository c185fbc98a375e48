vim9script
# What the plugin and its server are doing, for the statusline and `:Fimble`.

import autoload './switches.vim'

const TEXTS = {
  ready: 'fimble',
  loading: 'fimble ⋯',
  thinking: 'fimble ·',
  off: 'fimble off',
  snoozed: 'fimble zz',
  error: 'fimble !',
}
const TOLD_MS = 15000

# as the server tells it: kind, message, action, engine, model
var state: dict<any> = {kind: 'ready'}
var told: dict<bool> = {}

# What the server said of itself.
export def Said(new_state: dict<any>)
  if new_state != state && has_key(TEXTS, get(new_state, 'kind', ''))
    state = new_state
    redrawstatus!
  endif
enddef

export def Set(kind: string, message = '')
  Said({kind: kind, message: message})
enddef

export def Get(): dict<any>
  const refusal = switches.Refusal()
  return refusal == '' ? state : {kind: 'off', message: 'No suggestions here: ' .. refusal .. '.'}
enddef

export def Line(): string
  return TEXTS[Get().kind]
enddef

# Tell the user of a failure, once for each cause. In a popup: a long message would wait for a key, and take the
# next one that is typed.
export def Failed(sentence: string)
  Set('error', sentence)
  if !has_key(told, sentence)
    told[sentence] = true
    popup_notification('fimble: ' .. sentence, {
      pos: 'botright', line: &lines - &cmdheight - 1, col: &columns,
      time: TOLD_MS, maxwidth: 60, highlight: 'WarningMsg',
    })
  endif
enddef

# Causes may be gone: should they come back, they are told again.
export def Forget()
  told = {}
  Set('ready')
enddef

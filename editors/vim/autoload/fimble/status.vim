vim9script
# What the plugin is doing, for the statusline and `:Fimble`.

import autoload './switches.vim'

const TEXTS = {ready: 'fimble', loading: 'fimble ⋯', off: 'fimble off', error: 'fimble !'}
const TOLD_MS = 15000

var kind = 'ready'
var message = ''
var told: dict<bool> = {}

export def Set(new_kind: string, new_message = '')
  if [new_kind, new_message] != [kind, message]
    kind = new_kind
    message = new_message
    redrawstatus!
  endif
enddef

# `ready`, `loading`, `off` or `error`, and a sentence or nothing.
export def Get(): list<string>
  const refusal = switches.Refusal()
  return refusal == '' ? [kind, message] : ['off', 'No suggestions here: ' .. refusal .. '.']
enddef

export def Line(): string
  return TEXTS[Get()[0]]
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

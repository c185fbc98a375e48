vim9script
# Suggestions while typing: what is shown is shortened when the user types it, or else asked for anew.

import autoload './document.vim'
import autoload './ghost.vim'
import autoload './keys.vim'
import autoload './offer.vim'
import autoload './options.vim'
import autoload './request.vim'
import autoload './switches.vim'

# how often to look whether a server that starts is there
const RETRY_MS = 200

var timer = 0

# What is shown; empty if nothing is.
export def Shown(): string
  return mode() =~# '^i' ? offer.Rest() : ''
enddef

def Redraw(): bool
  const rest = Shown()
  if rest == ''
    ghost.Clear()
  else
    ghost.Draw(rest)
  endif
  return rest != ''
enddef

def Answered(item: dict<any>, asked: dict<any>)
  offer.Set(item, asked)
  if Redraw()
    request.Shown(item)
  endif
  redraw
enddef

def Ask(kind: number)
  timer = 0
  if mode() !~# '^i' || switches.Refusal() != ''
    return
  endif
  const asked = offer.Here()
  if !request.Ask(kind, (item) => Answered(item, asked))
    AskIn(RETRY_MS)
  endif
enddef

def AskIn(milliseconds: number)
  timer_stop(timer)
  timer = timer_start(milliseconds, (_) => Ask(request.AUTOMATIC))
enddef

# Ask now.
export def Now()
  offer.Clear()
  Ask(request.INVOKED)
enddef

export def Enter()
  if switches.Refusal() == ''
    keys.Claim()
  endif
  Changed()
enddef

# Text or cursor have changed.
export def Changed()
  if switches.Refusal() != '' || Redraw()
    return
  endif
  offer.Clear()
  request.Cancel()
  if options.Auto()
    AskIn(options.Debounce())
  endif
enddef

# Hide the suggestion, and want none until something changes.
export def Hide()
  timer_stop(timer)
  request.Cancel()
  offer.Clear()
  ghost.Clear()
enddef

# Put a part of the suggestion into the text, and the cursor behind it.
export def Take(piece: string)
  # what was typed is one undo step, this is the next
  &g:undolevels = &g:undolevels
  const lnum = line('.')
  const here = offer.Here()
  var lines = split(piece, "\n", true)
  const last = len(lines) - 1
  const column = len(lines[last]) + (last == 0 ? here.col : 0)
  lines[0] = here.head .. lines[0]
  lines[last] ..= here.tail
  setline(lnum, lines[0])
  append(lnum, lines[1 :])
  cursor(lnum + last, column + 1)
  if !Redraw()
    offer.Clear()
    request.Accepted(offer.Item())
  endif
enddef

# A buffer is gone.
export def Forget(buffer: number)
  document.Close(buffer)
enddef

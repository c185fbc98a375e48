vim9script
# Insert mode keys. A key that has nothing to do falls through to what it was.

import autoload './options.vim'
import autoload './suggest.vim'

# the next word, in any script, with the blanks before it; or the next run of punctuation
const WORD = '^\_s*\%(\w\|[^\x00-\x7f]\)\+'
const MARKS = '^\_s*\%([^[:alnum:]_[:space:]]\)\+'

def NextWord(text: string): string
  const word = matchstr(text, WORD)
  const marks = matchstr(text, MARKS)
  return word != '' ? word : marks != '' ? marks : text
enddef

# What is left of the line, or the next one when nothing is.
def NextLine(text: string): string
  return matchstr(text, '^\n\?[^\n]*')
enddef

const PARTS: dict<func(string): string> = {
  accept: (text: string): string => text,
  accept-word: NextWord,
  accept-line: NextLine,
}

# Do what an action names; false if there is nothing to do it with.
export def Do(action: string): bool
  const text = suggest.Shown()
  if action == 'suggest'
    suggest.Now()
  elseif text == ''
    return false
  elseif action == 'dismiss'
    suggest.Hide()
  else
    suggest.Take(PARTS[action](text))
  endif
  return true
enddef

# Whether the completion menu has an entry selected, which is what a key is for then.
def InMenu(): bool
  return pumvisible() && complete_info(['selected']).selected != -1
enddef

# The mapping that a key has for everybody. The buffer's own is ours.
def Everybodys(key: string): dict<any>
  const raw = maparg(key, 'i', false, true).lhsraw
  const found = filter(maplist(), (_, each) => each.mode =~ '[i!]' && !each.buffer && each.lhsraw == raw)
  return get(found, 0, {})
enddef

# Do what the key did before: the buffer's or everybody's mapping, looked up now, because plugins add theirs at
# any time; or else the key itself.
def FallThrough(key: string)
  const plug = '<Plug>(fimble-was-' .. substitute(key, '[<>]', '', 'g') .. ')'
  const raw = substitute(plug, '<Plug>', "\<Plug>", '')
  var before = get(get(b:, 'fimble_before', {}), key, {})
  before = empty(before) ? Everybodys(key) : before
  if empty(before)
    execute 'inoremap' plug key
  else
    mapset('i', false, extend(copy(before), {lhs: plug, lhsraw: raw, buffer: 0}))
  endif
  feedkeys(raw, 'im') # ahead of what was typed since
enddef

# Whether a key is for indenting now: Tab is, where only blanks stand before the cursor and the suggestion itself
# begins with a whole level of indentation. Tab types that level then, and takes the rest when it is pressed again.
def Indents(key: string): bool
  const before = strpart(getline('.'), 0, col('.') - 1)
  if key !=? '<tab>' || before =~ '\S'
    return false
  endif
  const indentation = matchstr(suggest.Shown(), '^[ \t]*\ze\S')
  return strdisplaywidth(indentation, strdisplaywidth(before)) >= shiftwidth()
enddef

# What a mapped key does.
export def Press(action: string, shown: string)
  const key = substitute(shown, '<lt>', '<', 'g')
  if InMenu() || Indents(key) || !Do(action)
    FallThrough(key)
  endif
enddef

# Map the keys in the current buffer. No expression mappings: keys that come in a burst have those evaluated
# before the text is there.
export def Claim()
  if exists('b:fimble_before')
    return
  endif
  b:fimble_before = {}
  for action in options.Actions()
    const key = options.KeyOf(action)
    const before = maparg(key, 'i', false, true)
    if get(before, 'buffer', 0)
      b:fimble_before[key] = before
    endif
    const shown = substitute(key, '<', '<lt>', 'g')
    execute $"inoremap <buffer> {key} <ScriptCmd>Press('{action}', '{shown}')<CR>"
  endfor
enddef

vim9script
# Draws a suggestion as virtual text: its first line at the cursor, the others below.

const TYPE = 'fimble_ghost'

highlight default link FimbleGhost NonText
if empty(prop_type_get(TYPE))
  prop_type_add(TYPE, {highlight: 'FimbleGhost', combine: false})
endif

# A tab would be shown as `^I`; an empty text would be no virtual text.
def Shown(line: string): string
  return line == '' ? ' ' : substitute(line, '\t', repeat(' ', shiftwidth()), 'g')
enddef

export def Draw(text: string)
  Clear()
  const lines = split(text, "\n", true)
  prop_add(line('.'), col('.'), {type: TYPE, text: Shown(lines[0])})
  for line in lines[1 :]
    prop_add(line('.'), 0, {type: TYPE, text: Shown(line), text_align: 'below'})
  endfor
enddef

export def Clear()
  prop_remove({type: TYPE, all: true}, 1, line('$'))
enddef

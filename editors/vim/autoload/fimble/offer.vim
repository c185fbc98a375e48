vim9script
# What the server offered, and whether it still fits the text around the cursor: it does while all that changed
# since is that the user typed its beginning.

var item: dict<any> = {} # as it came
var text = ''
var buffer = 0
var lnum = 0
var col = 0 # in bytes, from 0
var head = '' # the line before it
var tail = '' # what followed the cursor on its line

# Remember the cursor's place, for an answer that comes later.
export def Here(): dict<any>
  const line = getline('.')
  const at = col('.') - 1
  return {buffer: bufnr(), lnum: line('.'), col: at, head: strpart(line, 0, at), tail: strpart(line, at)}
enddef

# Keep what the server offered for a place. Its text may begin before it, on the same line.
export def Set(new_item: dict<any>, asked: dict<any>)
  item = new_item
  text = substitute(item.insertText, '\r\n\?', '\n', 'g')
  buffer = asked.buffer
  lnum = asked.lnum
  col = has_key(item, 'range') ? item.range.start.character : asked.col
  head = strpart(asked.head, 0, col)
  tail = asked.tail
enddef

export def Item(): dict<any>
  return item
enddef

export def Clear()
  text = ''
enddef

# What stands between the offer's place and the cursor.
def Typed(): string
  const here = Here()
  var lines = getline(lnum, here.lnum)
  lines[-1] = here.head
  return strpart(join(lines, "\n"), col)
enddef

# What of the offer is still to be typed; empty if it does not fit.
export def Rest(): string
  const here = Here()
  const elsewhere = here.buffer != buffer || here.lnum < lnum || (here.lnum == lnum && here.col < col)
  if text == '' || elsewhere || here.tail != tail || strpart(getline(lnum), 0, col) != head
    return ''
  endif
  const typed = Typed()
  return stridx(text, typed) == 0 ? strpart(text, len(typed)) : ''
enddef

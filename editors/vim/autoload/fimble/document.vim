vim9script
# Buffers as the server has them. What changed is found when something is asked, by comparing lines.

import autoload './server.vim'

# by buffer number: the address, the lines that the server has, and which server has them
var opened: dict<dict<any>> = {}

def Encoded(character: string): string
  return range(len(character))
    ->map((_, at) => printf('%%%02X', char2nr(strpart(character, at, 1))))
    ->join('')
enddef

def Address(buffer: number): string
  const name = bufname(buffer)
  if name == ''
    return $'untitled:Untitled-{buffer}'
  endif
  const path = fnamemodify(name, ':p')->substitute('\\', '/', 'g')
  const encoded = substitute(path, '[^A-Za-z0-9/._~-]', '\=Encoded(submatch(0))', 'g')
  return 'file://' .. (encoded[0] == '/' ? '' : '/') .. encoded
enddef

# Every line ends in one, so that a change of whole lines is one of text, too.
def Text(lines: list<string>): string
  return empty(lines) ? '' : join(lines, "\n") .. "\n"
enddef

# How many lines two lists have in common at the beginning.
def CommonHead(old: list<string>, new: list<string>): number
  var low = 0
  var high = min([len(old), len(new)])
  while low < high
    const middle = (low + high + 1) / 2
    if old[low : middle - 1] == new[low : middle - 1]
      low = middle
    else
      high = middle - 1
    endif
  endwhile
  return low
enddef

# And at the end, of at most so many.
def CommonTail(old: list<string>, new: list<string>, most: number): number
  var low = 0
  var high = most
  while low < high
    const middle = (low + high + 1) / 2
    if old[len(old) - middle : len(old) - low - 1] == new[len(new) - middle : len(new) - low - 1]
      low = middle
    else
      high = middle - 1
    endif
  endwhile
  return low
enddef

def Change(old: list<string>, new: list<string>): dict<any>
  const head = CommonHead(old, new)
  const tail = CommonTail(old, new, min([len(old), len(new)]) - head)
  return {
    range: {
      start: {line: head, character: 0},
      end: {line: len(old) - tail, character: 0},
    },
    text: Text(slice(new, head, len(new) - tail)),
  }
enddef

# Let the server have the current buffer as it is; returns its address.
export def Sync(): string
  const buffer = bufnr()
  const address = Address(buffer)
  const lines = getline(1, '$')
  const before = get(opened, buffer, {address: '', generation: 0})
  if before.generation == server.Generation() && before.address == address
    if before.lines != lines
      server.Notify('textDocument/didChange', {
        textDocument: {uri: address, version: b:changedtick},
        contentChanges: [Change(before.lines, lines)],
      })
    endif
  else
    Close(buffer)
    server.Notify('textDocument/didOpen', {
      textDocument: {uri: address, languageId: &filetype, version: b:changedtick, text: Text(lines)},
    })
    server.Notify('textDocument/didFocus', {textDocument: {uri: address}})
  endif
  opened[buffer] = {address: address, lines: lines, generation: server.Generation()}
  return address
enddef

# The server need not know a buffer any longer.
export def Close(buffer: number)
  if has_key(opened, buffer)
    const known = remove(opened, buffer)
    if known.generation == server.Generation()
      server.Notify('textDocument/didClose', {textDocument: {uri: known.address}})
    endif
  endif
enddef

vim9script
# One question to the server at a time; a newer one ends the older.

import autoload './document.vim'
import autoload './server.vim'

export const INVOKED = 1
export const AUTOMATIC = 2

var asking = 0 # the request's id

def Answered(answer: dict<any>, Take: func(dict<any>))
  asking = 0
  var result: any = get(answer, 'result', v:null)
  if type(result) == v:t_dict
    result = get(result, 'items', [])
  endif
  for item in type(result) == v:t_list ? result : []
    if type(get(item, 'insertText', 0)) == v:t_string
      Take(item)
      return
    endif
  endfor
enddef

# Ask what belongs at the cursor. `Take` gets the item, unless there is none or something newer is asked. Returns
# false while the server is not ready.
export def Ask(kind: number, Take: func(dict<any>)): bool
  Cancel()
  if !server.Ready()
    return false
  endif
  var id = 0
  id = server.Request('textDocument/inlineCompletion', {
    textDocument: {uri: document.Sync()},
    position: {line: line('.') - 1, character: col('.') - 1},
    context: {triggerKind: kind},
  }, (answer) => {
    if id == asking
      Answered(answer, Take)
    endif
  })
  asking = id
  return true
enddef

export def Cancel()
  if asking != 0
    server.Notify('$/cancelRequest', {id: asking})
    asking = 0
  endif
enddef

export def Shown(item: dict<any>)
  server.Notify('textDocument/didShowCompletion', {item: item})
enddef

export def Accepted(item: dict<any>)
  if has_key(item, 'command')
    const params = {command: item.command.command, arguments: get(item.command, 'arguments', [])}
    server.Request('workspace/executeCommand', params, (_) => {
    })
  endif
enddef

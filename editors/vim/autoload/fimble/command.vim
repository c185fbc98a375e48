vim9script
# `:Fimble` and its words.

import autoload './options.vim'
import autoload './server.vim'
import autoload './status.vim'
import autoload './switches.vim'

def Tell(sentence: string)
  echomsg 'fimble: ' .. sentence
enddef

def State(_: string)
  const state = status.Get()
  Tell(join(filter([state.kind, get(state, 'message', ''), get(state, 'action', '')], (_, part) => part != ''), '. '))
  for fact in ['engine', 'model', 'project']
    if get(state, fact, '') != ''
      Tell(fact .. ': ' .. state[fact])
    endif
  endfor
  Tell('server: ' .. join(options.Command()))
enddef

def Toggle(where: string)
  if where == 'buffer'
    switches.SwitchBuffer(!get(b:, 'fimble', true))
    Tell((b:fimble ? 'on' : 'off') .. ' in this buffer')
  else
    switches.Switch(!switches.on)
    Tell(switches.on ? 'on' : 'off')
  endif
enddef

def Restart(_: string)
  server.Restart()
  Tell('restarted')
enddef

def Log(_: string)
  new
  setlocal buftype=nofile bufhidden=wipe noswapfile
  setline(1, server.Log() ?? ['The server has said nothing.'])
enddef

const WORDS: dict<func(string)> = {status: State, toggle: Toggle, restart: Restart, log: Log}

# Run `:Fimble WORD ARGUMENT`.
export def Run(given: list<string>)
  const word = get(given, 0, 'status')
  if has_key(WORDS, word)
    WORDS[word](get(given, 1, ''))
  else
    Tell($'there is no :Fimble {word}; there are ' .. join(sort(keys(WORDS)), ', '))
  endif
enddef

export def Complete(lead: string, line: string, _: number): list<string>
  const choices = line =~# '^\s*\w\+\s\+toggle\s' ? ['buffer'] : sort(keys(WORDS))
  return filter(choices, (_, choice) => stridx(choice, lead) == 0)
enddef

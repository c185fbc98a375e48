vim9script
# What users set, as global variables with defaults.

const KEYS = {
  accept: '<Tab>',
  accept-word: '<C-Right>',
  accept-line: '<C-Down>',
  dismiss: '<C-]>',
}

# How to start the server when no address is set.
export def Command(): list<string>
  return get(g:, 'fimble_cmd', ['fimble', 'serve', '--port', '0'])
enddef

# Address of a server that runs already, or an empty text.
export def Url(): string
  return substitute(get(g:, 'fimble_url', ''), '/*$', '', '')
enddef

# Key for that server.
export def Key(): string
  return get(g:, 'fimble_key', '')
enddef

# Whether to suggest while typing, or only when asked.
export def Auto(): bool
  return !!get(g:, 'fimble_auto', true)
enddef

# Pause in typing before the server is asked, in milliseconds.
export def Debounce(): number
  return get(g:, 'fimble_debounce_ms', 30)
enddef

# Key of an action; empty if it has none.
export def KeyOf(action: string): string
  return extend(copy(KEYS), get(g:, 'fimble_keys', {}))[action]
enddef

# Actions with keys.
export def Actions(): list<string>
  return filter(sort(keys(KEYS)), (_, action) => KeyOf(action) != '')
enddef

# Whether files of a type get suggestions.
export def Wanted(filetype: string): bool
  const types = extend({'*': true, gitcommit: false, gitrebase: false, help: false},
    get(g:, 'fimble_filetypes', {}))
  return !!get(types, filetype, types['*'])
enddef

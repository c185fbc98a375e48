vim9script
# What users set, as global variables with defaults.

const KEYS = {
  accept: '<Tab>',
  accept-word: '<C-Right>',
  accept-line: '<C-Down>',
  dismiss: '<C-]>',
}

# How to start the server.
export def Command(): list<string>
  return get(g:, 'fimble_cmd', ['fimble', 'lsp'])
enddef

# Options for the server, such as `engine`, `key` and `model`.
export def Server(): dict<any>
  return get(g:, 'fimble_options', {})
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

vim9script
# One question to the server at a time. It is curl that asks, as a job, so that typing never waits; a newer
# question ends the older curl, and a server whose client is gone stops to compute.

import autoload './options.vim'
import autoload './server.vim'
import autoload './status.vim'

const TIMEOUT = '15'
const UNREACHABLE = '000'
const REFUSALS = {401: 'the server wants a key, or does not know this one. Set g:fimble_key to one that'
  .. ' `fimble keys create NAME` printed there.'}
const LINES_BEFORE = 1500
const LINES_AFTER = 500
const STEP = 500

var asking: job = null_job
var key_files: dict<string> = {}

# The text around the cursor. What is left out of a long file changes only now and then, because the model
# keeps what it has read from the same beginning.
def Around(): list<string>
  const lnum = line('.')
  const col = col('.') - 1
  const first = max([1, (lnum - LINES_BEFORE) / STEP * STEP + 1])
  const current = getline(lnum)
  const before = getline(first, lnum - 1) + [strpart(current, 0, col)]
  const after = [strpart(current, col)] + getline(lnum + 1, lnum + LINES_AFTER)
  return [join(before, "\n"), join(after, "\n")]
enddef

def Body(): string
  const [prefix, suffix] = Around()
  return json_encode({
    prefix: prefix,
    suffix: suffix,
    language: &filetype,
    file_path: expand('%:t'),
  })
enddef

# The key goes through a file that only the user can read, not over the command line, which everybody can.
def KeyHeader(): list<string>
  if options.Key() == ''
    return []
  endif
  const file = get(key_files, options.Key(), tempname())
  if !filereadable(file)
    writefile([], file)
    setfperm(file, 'rw-------')
    writefile(['Authorization: Bearer ' .. options.Key()], file)
    key_files[options.Key()] = file
  endif
  return ['--header', '@' .. file]
enddef

def Command(address: string): list<string>
  return ['curl', '--silent', '--max-time', TIMEOUT, '--header', 'Content-Type: application/json']
    + KeyHeader() + ['--data-binary', '@-', '--write-out', '\n%{http_code}', address .. '/complete']
enddef

# What came back: the suggestion, or a failure to tell.
def Read(body: string, code: string, Answer: func(string))
  const answer = json_decode(body)
  if code == '200'
    status.Set('ready')
    Answer(answer.completion)
  else
    const said = get(answer, 'error', {message: 'the server answered ' .. code}).message
    status.Failed(get(REFUSALS, code, said))
  endif
enddef

# curl prints the HTTP status last. Its exit status may not be known yet.
def Ended(printed: string, Answer: func(string))
  const [body, code] = matchlist(printed, '^\(\_.*\)\n\(\d\+\)$')[1 : 2] ?? ['', UNREACHABLE]
  if code == UNREACHABLE
    status.Failed('no server answers at ' .. server.Address() .. '. Start it, or unset g:fimble_url.')
    return
  endif
  try
    Read(body, code, Answer)
  catch
    status.Failed('the server at ' .. server.Address() .. ' answers no JSON; is it fimble?')
  endtry
enddef

# Ask what belongs at the cursor; `Answer` gets it, unless something newer is asked.
export def Ask(Answer: func(string)): bool
  Cancel()
  if !executable('curl')
    status.Failed('the program curl was not found. Install it.')
    return true
  endif
  const address = server.Address()
  if address == ''
    return false
  endif
  var printed: list<string> = []
  var job: job
  job = job_start(Command(address), {
    in_io: 'pipe',
    out_mode: 'raw',
    err_io: 'null',
    out_cb: (_, text) => {
      add(printed, text)
    },
    close_cb: (_) => {
      if job == asking
        asking = null_job
        Ended(join(printed, ''), Answer)
      endif
    },
  })
  asking = job
  ch_sendraw(job, Body())
  ch_close_in(job)
  return true
enddef

export def Cancel()
  const old = asking
  asking = null_job
  if old != null_job && job_status(old) == 'run'
    job_stop(old, 'term')
  endif
enddef

vim9script
# A server of our own, when no address is set: started with the first request, stopped with Vim.

import autoload './options.vim'
import autoload './status.vim'

var job: job = null_job
var address = ''
var stopping = false
var log: list<string> = []

const LISTENS = 'fimble listens on \(http\S*\)'

def Running(): bool
  return job != null_job && job_status(job) == 'run'
enddef

def Printed(_: channel, line: string)
  log = (log + [line])[-200 :]
  const found = matchlist(line, LISTENS)
  if !empty(found)
    address = found[1]
    status.Set('ready')
  endif
enddef

def Exited(which: job, code: number)
  if which != job
    return # another one has been started since
  endif
  address = ''
  if !stopping
    status.Failed($'the server stopped (exit code {code}). :Fimble restart starts it again, '
      .. ':Fimble log shows what it said.')
  endif
enddef

def Start()
  const command = options.Command()
  if !executable(command[0])
    status.Failed($'the program {command[0]} was not found. Install it (pipx install fimble), '
      .. 'or set g:fimble_cmd to where it is, or g:fimble_url to a server that runs.')
    return
  endif
  status.Set('loading', 'The server is starting.')
  log = []
  stopping = false
  job = job_start(command, {
    in_io: 'null',
    out_io: 'null',
    err_io: 'pipe',
    err_mode: 'nl',
    err_cb: Printed,
    exit_cb: Exited,
    stoponexit: 'term',
  })
enddef

# Where to send requests; empty while the server is starting, or cannot be had.
export def Address(): string
  const set = options.Url()
  if set != ''
    return set
  elseif address == '' && !Running() && !Dead()
    Start()
  endif
  return address
enddef

# Whether it has stopped by itself: it is not started again before the user says so.
def Dead(): bool
  return job != null_job && !stopping && !Running()
enddef

export def Stop()
  stopping = true
  if Running()
    job_stop(job, 'term')
  endif
  address = ''
enddef

export def Restart()
  Stop()
  job = null_job
  status.Forget()
  Address()
enddef

# What it has said.
export def Log(): list<string>
  return log
enddef

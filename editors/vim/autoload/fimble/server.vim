vim9script
# The language server: started with the first suggestion that is wanted, stopped with Vim. It is talked to over its
# standard input and output, so no code passes a network or a proxy on its way to it.

import autoload './options.vim'
import autoload './status.vim'

const LOG_LINES = 200
const WARNING = 2
const CAPABILITIES = {
  general: {positionEncodings: ['utf-8']},
  textDocument: {inlineCompletion: {dynamicRegistration: false}},
}

var job: job = null_job
var ready = false
var stopping = false
var starts = 0
var log: list<string> = []

def Running(): bool
  return job != null_job && job_status(job) == 'run'
enddef

def Printed(_: channel, line: string)
  log = (log + [line])[-LOG_LINES :]
enddef

# A notification, or a request: none of ours has anything to answer.
def Told(channel: channel, message: dict<any>)
  const method = get(message, 'method', '')
  if method == 'fimble/status'
    status.Said(message.params)
  elseif method == 'window/showMessage' && message.params.type <= WARNING
    status.Failed(substitute(message.params.message, '^fimble: ', '', ''))
  endif
  if has_key(message, 'id')
    ch_sendexpr(channel, {id: message.id, result: v:null})
  endif
enddef

def Exited(which: job, code: number)
  if which != job
    return # another one has been started since
  endif
  ready = false
  if !stopping
    status.Failed($'the server stopped (exit code {code}). :Fimble restart starts it again, '
      .. ':Fimble log shows what it said.')
  endif
enddef

def Initialized(which: job, answer: dict<any>)
  if which != job || !has_key(answer, 'result')
    return
  endif
  Notify('initialized', {})
  ready = true
enddef

def Start()
  const command = options.Command()
  if !executable(command[0])
    status.Failed($'the program {command[0]} was not found. Install it (pipx install fimble), '
      .. 'or set g:fimble_cmd to where it is.')
    return
  endif
  status.Set('loading', 'The server is starting.')
  log = []
  stopping = false
  starts += 1
  const started = job_start(command, {
    in_mode: 'lsp',
    out_mode: 'lsp',
    err_mode: 'nl',
    out_cb: Told,
    err_cb: Printed,
    exit_cb: Exited,
    stoponexit: 'term',
  })
  job = started
  Request('initialize', {
    processId: getpid(),
    clientInfo: {name: 'Vim', version: string(v:versionlong)},
    rootUri: v:null,
    capabilities: CAPABILITIES,
    initializationOptions: options.Server(),
  }, (answer) => Initialized(started, answer))
enddef

# Whether it has stopped by itself: it is not started again before the user says so.
def Dead(): bool
  return job != null_job && !stopping && !Running()
enddef

# Whether it can be asked; it is started if it does not run.
export def Ready(): bool
  if !Running() && !Dead()
    Start()
  endif
  return ready
enddef

# Which start of the server this is: another one knows nothing of what was said before.
export def Generation(): number
  return starts
enddef

# Ask, and have `Answer` get the whole message. Returns the request's id, for a cancellation.
export def Request(method: string, params: dict<any>, Answer: func(dict<any>)): number
  if !Running()
    return 0
  endif
  const sent = ch_sendexpr(job, {method: method, params: params}, {
    callback: (_, message) => Answer(message),
  })
  return get(sent, 'id', 0)
enddef

export def Notify(method: string, params: dict<any>)
  if Running()
    ch_sendexpr(job, {method: method, params: params})
  endif
enddef

export def Stop()
  stopping = true
  ready = false
  if Running()
    job_stop(job, 'term')
  endif
enddef

export def Restart()
  Stop()
  job = null_job
  status.Forget()
  Ready()
enddef

# What it has said.
export def Log(): list<string>
  return log
enddef

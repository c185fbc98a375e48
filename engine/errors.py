"""One exception tree for everything that can go wrong on purpose.

::

    FimbleError
    ├── SettingsError             a configured value is wrong
    ├── RequestError              the caller sent something that cannot be served
    │   ├── InvalidRequest
    │   ├── ContextLengthExceeded
    │   ├── PrivateFile           the file looks secret, or the user's ignore file names it
    │   └── UnsupportedParameter
    ├── ModelError                a model cannot be used
    │   ├── ModelNotFound
    │   ├── ModelFileError        damaged, truncated, unreadable or unsupported file
    │   ├── ModelDownloadError    a model cannot be had from the hub
    │   └── NoFimTokens
    ├── Overloaded                the queue is full
    ├── ModelLoading              not ready yet
    ├── DeadlineExceeded
    ├── Superseded                a newer request for the same document took its place
    ├── EngineClosed              the engine was stopped or replaced meanwhile
    ├── WorkerCrashed             the process that ran the model died
    ├── FrameError                one of fimble's processes sent another what it cannot read
    └── UpstreamError             a remote engine
        ├── UpstreamUnavailable
        └── UpstreamRefused

Each message is one sentence (or two) that says what is wrong and what to do. The doors (LSP, HTTP,
command line) map classes to their own codes, once; nobody looks at message texts.
"""

from __future__ import annotations


class FimbleError(Exception):
    """Base of all; ``code`` is a stable name for programs."""

    code = "internal_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SettingsError(FimbleError):
    code = "invalid_settings"


class RequestError(FimbleError):
    """``param`` names the field in dotted form, or is None."""

    code = "invalid_value"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class InvalidRequest(RequestError):
    pass


class ContextLengthExceeded(RequestError):
    code = "context_length_exceeded"


class PrivateFile(RequestError):
    code = "private_file"


class UnsupportedParameter(RequestError):
    code = "unsupported_parameter"


class ModelError(FimbleError):
    code = "model_error"


class ModelNotFound(ModelError):
    code = "model_not_found"


class ModelFileError(ModelError):
    code = "model_file_error"


class ModelDownloadError(ModelError):
    code = "model_download_error"


class NoFimTokens(ModelError):
    code = "no_fim_tokens"


class Overloaded(FimbleError):
    """``retry_after`` in seconds."""

    code = "overloaded"
    retry_after = 1.0


class ModelLoading(FimbleError):
    """``retry_after`` in seconds."""

    code = "model_loading"
    retry_after = 1.0


class DeadlineExceeded(FimbleError):
    code = "deadline_exceeded"


class Superseded(FimbleError):
    """``param`` is the field by which the newer request is known to be one."""

    code = "superseded"
    param = "document"


class EngineClosed(FimbleError):
    """``retry_after`` in seconds: where another engine takes its place, that is soon."""

    code = "engine_closed"
    retry_after = 1.0


class WorkerCrashed(FimbleError):
    code = "worker_crashed"


class FrameError(FimbleError):
    code = "frame_error"


class UpstreamError(FimbleError):
    code = "upstream_error"


class UpstreamUnavailable(UpstreamError):
    code = "upstream_unavailable"


class UpstreamRefused(UpstreamError):
    code = "upstream_refused"

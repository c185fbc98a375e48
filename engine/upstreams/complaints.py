"""What is said of a server that fails: one sentence or two, which tell what to do and never a key."""

from __future__ import annotations

import os
import ssl

import aiohttp

from ..errors import (
    ContextLengthExceeded,
    DeadlineExceeded,
    FimbleError,
    InvalidRequest,
    Overloaded,
    Superseded,
    UnsupportedParameter,
    UpstreamRefused,
    UpstreamUnavailable,
)
from .failures import Failure, NoModel, NothingThere

_REASON_CHARACTERS = 200


class Complaints:
    """Makes the errors of one server. ``setting`` is where its address and key are written; ``program`` what
    is expected there."""

    def __init__(self, address: str, setting: str, program: str) -> None:
        self._address, self._setting, self._program = address, setting, program

    def malformed(self, error: ValueError) -> UpstreamUnavailable:
        """The error for an answer that no such server gives."""
        return UpstreamUnavailable(self._malformed(_reason(error)))

    def away(self, error: BaseException) -> UpstreamUnavailable:
        """The error for a server that cannot be reached, or whose answer is of no use."""
        if isinstance(error, ValueError) and not isinstance(error, OSError | aiohttp.ClientError):
            return self.malformed(error)
        return UpstreamUnavailable(
            f"The server {self._address} cannot be reached: {_reason(error)}. "
            f"Check that it runs, and its address in {self._setting}."
        )

    def late(self) -> DeadlineExceeded:
        """The error for an answer that did not come within the request's own time."""
        return DeadlineExceeded(f"The server {self._address} did not answer within the request's deadline.")

    def of_failure(self, failure: Failure) -> FimbleError:
        """The error for one that a server tells of in the middle of an answer."""
        return self.of_status(503, failure)

    def of_status(self, status: int, failure: Failure | None) -> FimbleError:
        """The engine's error for one of a server. Servers in between say no more than a status."""
        said = f"It said: {failure.said}" if failure else f"It answered with status {status}."
        if status in (401, 403):
            return UpstreamRefused(
                f"The server {self._address} refused the key; check {self._key_setting}. {said}"
            )
        if status == 402:
            return UpstreamRefused(f"The server {self._address} wants to be paid. {said}")
        if failure and (failure.code, failure.param) == ("overloaded", Superseded.param):
            return Superseded(failure.said)
        if status == 429 or (failure and failure.code == "overloaded"):
            return Overloaded(failure.said if failure else f"The server {self._address} takes no more now.")
        if failure and (error := self._of_meaning(status, failure)) is not None:
            return error
        if status in (404, 405):
            return NothingThere(self._malformed(f"it answered with status {status}"))
        if 300 <= status < 400:
            return UpstreamUnavailable(self._malformed("it sends on to another address"))
        if 400 <= status < 500:
            return UpstreamUnavailable(self._malformed(f"it answered with status {status}"))
        return UpstreamUnavailable(f"The server {self._address} failed. {said}")

    def _of_meaning(self, status: int, failure: Failure) -> FimbleError | None:
        """The error that a failure stands for, if it is one of the request."""
        if failure.too_long:
            return ContextLengthExceeded(failure.said, failure.param)
        if 400 <= status < 500 and failure.no_model:
            return NoModel(
                f"The server {self._address} does not have the model that it was asked for. "
                f"It said: {failure.said}"
            )
        if status == 501 or failure.code == "unsupported_parameter":
            return UnsupportedParameter(failure.said, failure.param)
        if status == 504:
            return DeadlineExceeded(failure.said)
        if 400 <= status < 500 and status not in (404, 405):
            return InvalidRequest(failure.said, failure.param)
        return None

    def _malformed(self, reason: str) -> str:
        return (
            f"{self._address} does not answer as {self._program} does: {reason}. "
            f"Check the address in {self._setting}."
        )

    @property
    def _key_setting(self) -> str:
        """Where the key is written, for messages."""
        return "`key` in the settings" if self._setting == "`engine`" else f"`key` in {self._setting}"


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        found = error.certificate_error
        told = found.verify_message if isinstance(found, ssl.SSLCertVerificationError) else "it is wrong"
        return f"its certificate is not trusted ({told})"
    if isinstance(error, aiohttp.ClientSSLError):
        return "it does not speak TLS as it should"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno).lower()
    return " ".join(str(error).split())[:_REASON_CHARACTERS] or type(error).__name__

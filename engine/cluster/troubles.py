"""What Ray raises, as sentences that say what to do."""

from __future__ import annotations

import platform
import re

import ray
from ray.exceptions import ActorDiedError, ActorUnavailableError, AuthenticationError, RayActorError
from ray.serve.exceptions import (
    BackPressureError,
    DeploymentUnavailableError,
    RayServeException,
    ReplicaUnavailableError,
    RequestCancelledError,
)

from .limits import REASON_CHARACTERS
from .messages import Failed, Lost

_GONE = (
    ActorDiedError, ActorUnavailableError, RayActorError, ReplicaUnavailableError, RequestCancelledError,
    ConnectionError,
)  # fmt: skip
_VERSIONS = re.compile(r"Version mismatch.*?Ray: (\S+)\s+Python: (\S+)", re.DOTALL)


def why_not_joined(error: Exception, address: str) -> tuple[str, bool]:
    """Why a cluster cannot be used, and whether it is it that refuses."""
    cluster = "The Ray cluster on this machine" if address == "auto" else f"The Ray cluster {address}"
    if _is_about_token(error):
        return f"{cluster} refuses our token. Set RAY_AUTH_TOKEN_PATH to the file that has its token.", True
    if versions := _VERSIONS.search(str(error)):
        return (
            f"{cluster} has Ray {versions[1]} and Python {versions[2]}, this machine Ray {ray.__version__} "
            f"and Python {platform.python_version()}. Install the same versions on all machines."
        ), False
    if isinstance(error, RayServeException):
        return f"{cluster} has no deployment of fimble. Make one with `fimble cluster deploy`.", False
    if address == "auto" and isinstance(error, ConnectionError):
        return (
            "There is no Ray cluster on this machine. "
            "Start one with `fimble cluster deploy`, or join one with `ray start --address=…`."
        ), False
    if address.startswith("ray://"):
        return (
            f"{address} cannot be used: {reason_of(error)}. "
            "Let this machine join the cluster with `ray start --address=…`, and give `auto` as the address."
        ), False
    return (
        f"{cluster} cannot be reached: {reason_of(error)}. Check its address, and that this machine is part "
        f"of it: `ray start --address={address}`."
    ), False


def _is_about_token(error: BaseException | None) -> bool:
    """Ray tells it as the cause of another error, or only in that one's text."""
    while error is not None:
        if isinstance(error, AuthenticationError) or AuthenticationError.__name__ in str(error):
            return True
        error = error.__cause__
    return False


def failed(error: Exception, id: int) -> Lost | Failed:
    """What became of a request that Ray did not bring to its end."""
    if isinstance(error, BackPressureError):
        why = "The Ray cluster has as many requests waiting as it takes. Try again in a moment."
        return Failed(id, why, full=True)
    if isinstance(error, DeploymentUnavailableError):
        return Failed(id, "The replicas on the Ray cluster do not start. See `fimble cluster status`.")
    if isinstance(error, _GONE) or type(error).__name__ == "AioRpcError":
        return Lost(id, reason_of(error))
    return Failed(id, f"The Ray cluster failed: {reason_of(error)}. See `fimble cluster status`.")


def reason_of(error: BaseException) -> str:
    """An error as the end of a sentence: its first line, of bounded length."""
    said = str(error).strip() or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        said = error.strerror
    line = said.splitlines()[0]
    return "".join(char for char in line if char.isprintable())[:REASON_CHARACTERS].rstrip(".: ")

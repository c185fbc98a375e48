"""Ray's own switches, which are variables of the environment. What the user has set is left as it is."""

from __future__ import annotations

from collections.abc import Mapping

from ..limits import FRAME_BYTES
from .limits import GCS_SECONDS

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_SERVE_LOG_TO_STDERR": "0"}
"""Nothing is told to Ray's makers, and nothing is printed among what fimble prints."""
JOINING = {**QUIET, "RAY_NUM_REDIS_GET_RETRIES": "3"}
"""Who joins a cluster that runs tries it three seconds and not twenty."""
LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Despite its name it holds on every system: a cluster of this one machine listens on loopback only."""
AGENT = {
    **JOINING,
    # the agent does nothing else, so a loop of its own would only cost two changes of threads
    "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0",
    # straight to the replica instead of through Ray's object store: half the time of a call
    "RAY_SERVE_USE_GRPC_BY_DEFAULT": "1",
    "RAY_SERVE_REPLICA_GRPC_MAX_MESSAGE_LENGTH": str(FRAME_BYTES),
    "RAY_gcs_rpc_server_reconnect_timeout_s": str(GCS_SECONDS),
}
REPLICA = {
    **QUIET,
    # all of a replica's work is waiting for its worker, so its code can share Ray's loop
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
}


def with_knobs(environment: Mapping[str, str], knobs: Mapping[str, str]) -> dict[str, str]:
    """The environment with those switches that it does not have yet."""
    return {**knobs, **environment}

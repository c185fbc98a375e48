"""What Ray raises is told in sentences that say what to do, and in which cases a request goes elsewhere."""

from __future__ import annotations

import pytest
import ray
from ray._private.utils import check_version_info
from ray.exceptions import ActorDiedError, AuthenticationError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from fimble.engine.cluster.limits import REASON_CHARACTERS
from fimble.engine.cluster.messages import Failed, Lost
from fimble.engine.cluster.troubles import failed, reason_of, why_not_joined


def test_a_cluster_of_another_version() -> None:
    """Ray's own check, with what a cluster of an older Ray would say of itself."""
    with pytest.raises(RuntimeError) as caught:
        check_version_info(
            {"ray_version": "1.2.3", "python_version": "3.8.1"}, "127.0.0.1:1",
            raise_on_mismatch=True, python_version_match_level="minor",
        )  # fmt: skip
    why, refused = why_not_joined(caught.value, "10.0.0.1:6379")
    assert why.startswith("The Ray cluster 10.0.0.1:6379 has Ray 1.2.3 and Python 3.8.1")
    assert f"this machine Ray {ray.__version__}" in why
    assert "\n" not in why
    assert not refused


def test_a_wrong_token_is_told_as_the_cause_of_another_error_too() -> None:
    plain = AuthenticationError("no")
    wrapped, told = ConnectionError("Failed"), ConnectionError("Failed")
    wrapped.__cause__ = RuntimeError("Last error: ray.exceptions.AuthenticationError: RPC error")
    told.__cause__ = plain
    for error in (plain, wrapped, told):
        why, refused = why_not_joined(error, "a:1")
        assert "RAY_AUTH_TOKEN_PATH" in why
        assert refused
    assert not why_not_joined(ConnectionError("Failed"), "a:1")[1]


@pytest.mark.parametrize(
    ("error", "address", "says"),
    [
        (ConnectionError("none"), "auto", "fimble cluster deploy"),
        (RayServeException("none"), "auto", "has no deployment of fimble"),
        (ValueError("no streams"), "ray://a:1", "give `auto` as the address"),
        (OSError(111, "Connection refused"), "a:1", "cannot be reached: Connection refused"),
    ],
)
def test_what_to_do_where_there_is_no_cluster(error: Exception, address: str, says: str) -> None:
    assert says in why_not_joined(error, address)[0]


def test_which_requests_go_elsewhere() -> None:
    assert isinstance(failed(ActorDiedError(), 1), Lost)
    assert isinstance(failed(ConnectionError("closed"), 1), Lost)
    full = failed(BackPressureError(num_queued_requests=9, max_queued_requests=9), 1)
    assert isinstance(full, Failed)
    assert full.full
    for error in (DeploymentUnavailableError(None), RuntimeError("odd")):
        found = failed(error, 1)
        assert isinstance(found, Failed)
        assert not found.full
        assert "fimble cluster status" in found.why


def test_a_reason_is_one_short_line() -> None:
    assert reason_of(RuntimeError("first.\nsecond")) == "first"
    assert len(reason_of(RuntimeError("x" * 10_000))) == REASON_CHARACTERS
    assert reason_of(RuntimeError("")) == "RuntimeError"
    assert "\x1b" not in reason_of(RuntimeError("\x1b[31mred"))

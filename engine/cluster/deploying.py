"""Making, watching and removing the deployment. Only commands use it: Ray may end their process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig
from ray.serve.schema import LoggingConfig

from ..errors import SettingsError
from ..settings import Settings
from .joining import join
from .knobs import REPLICA
from .limits import DEPLOY_SECONDS
from .names import APPLICATION, DEPLOYMENT
from .plan import Plan, most_ongoing, replica_settings
from .replica import Replica
from .troubles import why_not_joined

_STATUS_SECONDS = 5.0
_ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"


@dataclass(frozen=True, slots=True)
class Report:
    """The deployment's state in a word, why it is so, and a row for each replica that answers."""

    state: str
    message: str
    replicas: list[dict[str, Any]]


def application(settings: Settings, plan: Plan) -> serve.Application:
    """The deployment, for :func:`deploy`."""
    mine = replica_settings(settings, plan)
    deployment = serve.deployment(
        name=DEPLOYMENT,
        autoscaling_config=AutoscalingConfig(
            min_replicas=plan.least, max_replicas=plan.most, target_ongoing_requests=plan.target_ongoing
        ),
        max_ongoing_requests=most_ongoing(mine),
        max_queued_requests=plan.queue,
        ray_actor_options={
            "num_cpus": plan.cpus, "num_gpus": plan.gpus, "runtime_env": {"env_vars": REPLICA},
        },
        # a document's requests go where its beginning was read; to the next one where that is full or dead
        request_router_config=RequestRouterConfig(request_router_class=_ROUTER),  # type: ignore[arg-type]
        health_check_period_s=5,
        health_check_timeout_s=10,
        graceful_shutdown_wait_loop_s=0.5,
        logging_config=LoggingConfig(enable_access_log=False, log_level="WARNING"),
    )(Replica)  # fmt: skip
    bound: serve.Application = deployment.bind(mine.model_dump_json(), plan.models)
    return bound


def build(arguments: dict[str, Any]) -> serve.Application:
    """The deployment for a file of Ray Serve, as KubeRay's RayService has: ``import_path:
    fimble.engine.cluster.deploying:build``. ``arguments`` has ``settings`` and ``plan``."""
    plan = Plan(**arguments.get("plan", {}))
    return application(Settings.model_validate(arguments.get("settings", {})), plan)


def connect(address: str) -> None:
    """Join the cluster. Raises :class:`SettingsError`."""
    try:
        join(address)
    except Exception as error:
        raise SettingsError(why_not_joined(error, address)[0]) from error


def deploy(settings: Settings, plan: Plan, say: Callable[[str], None]) -> None:
    """Deploy, and wait until the first replicas answer; ``say`` hears of what is waited for. Raises
    :class:`SettingsError`."""
    serve.start(proxy_location="Disabled")
    target = serve.RunTarget(application(settings, plan), name=APPLICATION, route_prefix=None)
    serve.run_many([target], wait_for_applications_running=False)
    ends, told = time.monotonic() + DEPLOY_SECONDS, ""
    while (found := _found()) is None or found[0] != "RUNNING":
        state, message = found or ("", "")
        if state in ("DEPLOY_FAILED", "UNHEALTHY"):
            raise SettingsError(f"The replicas do not start: {message}")
        if time.monotonic() > ends:
            raise SettingsError(
                f"The replicas are not ready after {DEPLOY_SECONDS:.0f} s: {message or 'they still start'}. "
                "They go on trying; see `fimble cluster status`."
            )
        if message and message != told:
            say(message)
            told = message
        time.sleep(0.1)


def report() -> Report | None:
    """What there is; None where nothing is deployed."""
    found = _found()
    if found is None:
        return None
    rows: list[dict[str, Any]] = []
    with suppress(Exception):  # while the replicas start, or are gone, there is nobody to ask
        handle = serve.get_app_handle(APPLICATION)
        rows = [json.loads(each) for each in handle.broadcast("state").results(timeout_s=_STATUS_SECONDS)]
    return Report(found[0], found[1], sorted(rows, key=lambda row: str(row["replica"])))


def remove() -> bool:
    """Take the deployment away; whether there was one."""
    if _found() is None:
        return False
    serve.delete(APPLICATION)
    return True


def _found() -> tuple[str, str] | None:
    """The deployment's state, and what Ray says of it in a line."""
    applications = serve.status().applications
    if APPLICATION not in applications:
        return None
    found = applications[APPLICATION]
    said = [found.message, *(each.message for each in found.deployments.values())]
    message = next((each for each in said if each), "")
    return found.status.value, message.strip().splitlines()[-1] if message else ""

"""Joining a cluster that runs. Whoever calls it is a process that may be ended by Ray."""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

import ray
from ray import serve
from ray.serve.handle import DeploymentHandle

from ..limits import UPSTREAM_CONNECT_SECONDS
from .names import APPLICATION, NAMESPACE


def join(address: str) -> None:
    """Become a part of the cluster; ``auto`` is the one that runs on this machine. Raises what Ray raises,
    or :class:`OSError`, which Ray would find out a minute later."""
    if address.startswith("ray://"):
        raise ValueError("Ray's client for other machines does not stream")
    host, colon, port = address.rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), UPSTREAM_CONNECT_SECONDS).close()
    logging.getLogger("ray.serve").setLevel(logging.ERROR)
    ray.init(
        address=address, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.CRITICAL,
        configure_logging=True,
    )  # fmt: skip


def joined(address: str) -> DeploymentHandle[Any]:
    """The way to the deployment's replicas."""
    join(address)
    return serve.get_app_handle(APPLICATION)


def main() -> None:
    """Whether there is a cluster on this machine, as the exit status."""
    try:
        join("auto")
    except ConnectionError:
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()

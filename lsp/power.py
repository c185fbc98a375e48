"""Whether the machine runs on its battery: then less is computed that nobody has asked for."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

LOOK_SECONDS = 60.0
"""So long it is believed what was seen."""
SUPPLIES = Path("/sys/class/power_supply")
"""Linux: a folder for each battery and mains adapter; see the kernel's documentation of
``sysfs-class-power``."""
_MOST_SUPPLIES, _MOST_BYTES, _ANSWER_SECONDS = 32, 64, 2.0


class Power:
    """What was seen last. It is looked again in a thread, when somebody asks after a while."""

    def __init__(
        self, look: Callable[[], bool] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._clock = look or on_battery, clock
        self._seen_at = float("-inf")
        self._saving = False
        self.looking: asyncio.Task[None] | None = None

    @property
    def saving(self) -> bool:
        """Whether the machine runs on its battery, as far as is known."""
        if self.looking is None and self._clock() - self._seen_at >= LOOK_SECONDS:
            self.looking = asyncio.get_running_loop().create_task(self._see())
        return self._saving

    async def close(self) -> None:
        if self.looking is not None:
            self.looking.cancel()
            await asyncio.wait([self.looking])
            self.looking = None

    async def _see(self) -> None:
        try:
            self._saving = await asyncio.to_thread(self._look)
        finally:
            self._seen_at, self.looking = self._clock(), None


def on_battery() -> bool:
    """Ask the system; False where it does not tell."""
    return _mac_on_battery() if sys.platform == "darwin" else discharging(SUPPLIES)


def discharging(supplies: Path) -> bool:
    """Whether one of the machine's own batteries is being emptied; those of a mouse do not count."""
    with suppress(OSError):
        folders = list(islice(supplies.iterdir(), _MOST_SUPPLIES))
        return any(
            (_read(each, "type"), _read(each, "status")) == ("Battery", "Discharging")
            and _read(each, "scope") != "Device"
            for each in folders
        )
    return False


def _read(folder: Path, name: str) -> str:
    with suppress(OSError), open(folder / name, "rb") as file:
        return file.read(_MOST_BYTES).decode("ascii", "replace").strip()
    return ""


def _mac_on_battery() -> bool:
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(
            ["pmset", "-g", "batt"], capture_output=True, timeout=_ANSWER_SECONDS, check=False
        )
        return b"'Battery Power'" in told.stdout
    return False

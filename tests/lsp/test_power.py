"""Whether the machine runs on its battery."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fimble.lsp.power import LOOK_SECONDS, Power, discharging


def supply(folder: Path, name: str, **facts: str) -> None:
    (folder / name).mkdir()
    for fact, value in facts.items():
        (folder / name / fact).write_text(value + "\n")


@pytest.mark.parametrize(
    ("facts", "empties"),
    [
        ({"type": "Battery", "status": "Discharging"}, True),
        ({"type": "Battery", "status": "Discharging", "scope": "System"}, True),
        ({"type": "Battery", "status": "Discharging", "scope": "Device"}, False),
        ({"type": "Battery", "status": "Charging"}, False),
        ({"type": "Battery"}, False),
        ({"type": "Mains", "online": "0"}, False),
        ({"type": "\xff" * 10_000}, False),
    ],
)
def test_what_the_system_tells(tmp_path: Path, facts: dict[str, str], empties: bool) -> None:
    supply(tmp_path, "AC", type="Mains", online="0")
    supply(tmp_path, "BAT0", **facts)
    assert discharging(tmp_path) is empties


def test_a_machine_that_tells_nothing(tmp_path: Path) -> None:
    assert not discharging(tmp_path)
    assert not discharging(tmp_path / "nowhere")


async def test_is_looked_at_now_and_then_and_nobody_waits() -> None:
    now, looks, seen = [0.0], list[int](), threading.Event()

    def look() -> bool:
        looks.append(1)
        seen.wait(60)
        return len(looks) == 1

    power = Power(look, lambda: now[0])
    told = [power.saving, power.saving]  # the first look is still going on
    seen.set()
    await end_of_look(power)
    now[0] += LOOK_SECONDS / 2
    told.append(power.saving)
    assert power.looking is None
    now[0] += LOOK_SECONDS
    told.append(power.saving)
    await end_of_look(power)
    told.append(power.saving)
    assert told == [False, False, True, True, False]
    assert len(looks) == 2


async def end_of_look(power: Power) -> None:
    assert power.looking is not None
    await power.looking


async def test_is_not_waited_for_at_the_end() -> None:
    seen = threading.Event()
    power = Power(lambda: seen.wait(60))
    assert not power.saving
    await power.close()
    assert power.looking is None
    seen.set()

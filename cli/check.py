"""One line of what ``fimble doctor`` reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """``advice`` says what to do."""

    name: str
    result: Result
    detail: str
    advice: str = ""

"""``GET /v1/usage``: what a key has used, or with the scope admin what all have."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ..call import Call
from ..endpoint import Answer, Endpoint
from ..errors import ApiError, invalid
from ..schema.usage import UsageQuery, UsageResponse, UsageRow, UsageTotal
from ..store.usage import Counts

DAYS = 30
ALL = "all"


async def usage(call: Call, query: UsageQuery) -> Answer:
    last = query.last or datetime.now(UTC).date()
    first = query.first or max(date.min + timedelta(DAYS), last) - timedelta(DAYS)
    if first > last:
        raise invalid("`first`: should not be after `last`.", "first")
    found = await call.services.usage.read(first.isoformat(), last.isoformat(), _keys(call, query.key))
    rows = [
        UsageRow(**dimensions._asdict(), **_figures(counts)) for dimensions, counts in sorted(found.items())
    ]
    return UsageResponse(
        object="list", first=first, last=last, data=rows, total=UsageTotal(**_figures(_sum(found.values())))
    )


def _keys(call: Call, wanted: str | None) -> list[str] | None:
    """Whose usage may be shown; None is everybody's. Without keys there is nobody to hide it from."""
    if call.key is None:
        return None if wanted in (None, ALL) else [wanted]
    if wanted is None or wanted == call.key.id:
        return [call.key.id]
    if "admin" not in call.key.scopes:
        message = "Only a key with the scope `admin` may see what other keys have used."
        raise ApiError(403, "permission_error", "key_scope", message, "key")
    return None if wanted == ALL else [wanted]


def _figures(counts: Counts) -> dict[str, Any]:
    names = set(UsageTotal.model_fields) - {"p50_ms", "p95_ms", "p99_ms"}
    figures: dict[str, Any] = {name: getattr(counts, name) for name in names}
    return figures | {f"p{share}_ms": counts.percentile(share / 100) for share in (50, 95, 99)}


def _sum(all_counts: Iterable[Counts]) -> Counts:
    total = Counts()
    for counts in all_counts:
        total.add(counts)
    return total


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/usage",
    summary="Requests, tokens and latencies by day, model and endpoint",
    handle=usage,
    takes=UsageQuery,
    gives=UsageResponse,
    scopes=frozenset({"usage", "admin"}),
)

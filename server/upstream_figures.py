"""Figures of the servers that models are asked of, read from the engine whenever the page is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fimble.engine.serving import UpstreamState

LABELS = ("upstream", "model")
_Number = Callable[[UpstreamState], float | None]
GAUGES: dict[str, tuple[str, _Number]] = {
    "up": ("Whether it answers", lambda state: state.up),
    "running": ("Requests that it is working at", lambda state: state.running),
    "first_seconds": ("Time to its first word, lately", lambda state: _seconds(state.first_ms)),
}
COUNTERS: dict[str, tuple[str, _Number]] = {
    "requests": ("Requests that it was given", lambda state: state.requests),
    "failures": ("Requests that it failed", lambda state: state.failures),
    "hedged": ("Requests that another one was asked too, since it was late", lambda state: state.hedged),
}


class UpstreamFigures(Collector):
    """``states`` tells what is known of each upstream now."""

    def __init__(self, states: Callable[[], Sequence[UpstreamState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        states = self._states()
        for name, (meaning, number) in GAUGES.items():
            yield _filled(GaugeMetricFamily(_called(name), meaning, labels=LABELS), states, number)
        for name, (meaning, number) in COUNTERS.items():
            yield _filled(CounterMetricFamily(_called(name), meaning, labels=LABELS), states, number)
        yield _tokens(states)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, states: Sequence[UpstreamState], number: _Number
) -> Metric:
    """With a sample for each upstream of which the number is known."""
    for state in states:
        if (value := number(state)) is not None:
            family.add_metric((state.name, state.model), value)
    return family


def _tokens(states: Sequence[UpstreamState]) -> Metric:
    family = CounterMetricFamily(
        _called("tokens"), "Tokens that it reported: prompt, completion", labels=(*LABELS, "kind")
    )
    for state in states:
        family.add_metric((state.name, state.model, "prompt"), state.prompt_tokens)
        family.add_metric((state.name, state.model, "completion"), state.completion_tokens)
    return family


def _called(name: str) -> str:
    return f"fimble_upstream_{name}"


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000

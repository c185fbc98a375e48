"""What llama-server makes of a model, in the figures of the runtimes."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import aiohttp

from .rounds import median_of
from .tables import percentile


class Speed:
    """Asks a server for so many tokens after a prompt of so many."""

    def __init__(self, session: aiohttp.ClientSession, ids: list[int]) -> None:
        self._session, self._ids, self._turn = session, ids, count(1)

    @classmethod
    async def of(cls, session: aiohttp.ClientSession, text: str, tokens: int) -> Speed:
        """With the last ``tokens`` of a text as the prompt."""
        async with session.post("/tokenize", json={"content": text}) as response:
            return cls(session, (await response.json())["tokens"][-tokens:])

    async def cold(self, made: int) -> tuple[float, float]:
        """Milliseconds of an answer whose prompt has nothing in common with earlier ones, and the prompt's
        tokens a second."""
        speeds = []

        async def ask() -> None:
            at = next(self._turn) % len(self._ids)
            answer = await self._ask([*self._ids[at:], *self._ids[:at]], made)
            speeds.append(answer["timings"]["prompt_per_second"])

        return await median_of(ask) * 1000, percentile(speeds, 0.5)

    async def warm(self, typed: int, made: int) -> float:
        """Milliseconds of an answer that reads so many new tokens."""
        known = self._ids[:-typed]
        await self._ask(known, 1)

        async def ask() -> None:
            at = next(self._turn) % len(self._ids)  # other ones in each round
            await self._ask([*known, *(self._ids * 2)[at : at + typed]], made)

        return await median_of(ask) * 1000

    async def side_by_side(self, answers: int, prompt: int, made: int) -> float:
        """Tokens a second of so many answers at once, whose prompts of so many tokens were read before."""

        async def ask(tokens: int) -> None:
            await asyncio.gather(*(self._ask(self._ids[:prompt], tokens) for _ in range(answers)))

        await ask(1)
        return answers * made / await median_of(lambda: ask(made))

    async def _ask(self, prompt: list[int], made: int) -> dict[str, Any]:
        body = {
            "prompt": prompt, "n_predict": made, "temperature": 0.0, "ignore_eos": True,
            "cache_prompt": True,
        }  # fmt: skip
        async with self._session.post("/completion", json=body) as response:
            response.raise_for_status()
            return dict(await response.json())

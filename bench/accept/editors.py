"""Editors without a screen for the typist: one speaks with `fimble lsp`, one with llama-server."""

from __future__ import annotations

from pathlib import Path

from fimble.cli.driver import Answer, Driver

from .log import Work
from .passages import Place, Workplace


class FimbleEditor:
    """An editor of one project, with a language server of its own and other files of the project open."""

    def __init__(self, driver: Driver, folder: Path, workplace: Workplace) -> None:
        self._driver, self._folder, self._workplace = driver, folder, workplace
        self._answer, self._asked = Answer("", 0.0), 0
        self._open: list[Path] = []

    def open(self, place: Place) -> None:
        """Open the files beside the place, then its own, and close what was open before."""
        for path in self._open:
            self._driver.close(path)
        self._open = []
        for name in self._workplace.neighbours(place):
            self._show(name, place.language, self._workplace.text(name), 0)
        self._show(place.name, place.language, place.before + place.after, len(place.before))

    def _show(self, name: str, language: str, text: str, at: int) -> None:
        path = self._folder / name
        self._open.append(path)
        self._driver.open(path, language, text, at)

    async def type(self, key: str) -> None:
        self._driver.type(key)

    async def ask(self) -> str:
        self._asked += 1
        number, answer = self._asked, await self._driver.ask()
        if number == self._asked:  # later ones are of another text
            self._answer = answer
            if answer.text:
                self._driver.show(answer)
        return answer.text

    async def take(self, length: int) -> None:
        if length == len(self._answer.text):
            await self._driver.accept(self._answer)
        else:
            self._driver.accept_part(self._answer, length)

    def text(self) -> str:
        return self._driver.text

    async def work(self) -> Work:
        counted = await self._driver.stats()
        read = counted["prompt_tokens"] - counted["cached_tokens"]
        return Work(read, counted["completion_tokens"], counted["model_runs"])

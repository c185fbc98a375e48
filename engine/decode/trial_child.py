"""The process of a trial: ``python -m fimble.engine.decode.trial_child``.

It reads a grammar and the names of a model's control tokens from standard input, compiles the grammar
within its limits, works out what may come first, and writes the reason why that cannot be done, if there
is one.
"""

from __future__ import annotations

import json
import sys
import threading

from ..limits import TRIAL_CPU_SECONDS, TRIAL_MEMORY_BYTES, TRIAL_STACK_BYTES

_REASON_CHARACTERS = 600


def main() -> None:
    task = json.loads(sys.stdin.buffer.read())
    _limit()
    threading.stack_size(TRIAL_STACK_BYTES)
    thread = threading.Thread(target=_report, args=(task["source"], task["size"], task["controls"]))
    thread.start()
    thread.join()


def _limit() -> None:
    """The kernel ends this process where it takes more than it may."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (TRIAL_CPU_SECONDS, TRIAL_CPU_SECONDS))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (TRIAL_MEMORY_BYTES, TRIAL_MEMORY_BYTES))


def _report(source: str, size: int, controls: dict[str, int]) -> None:
    sys.stdout.write(_reason(source, _Tokens(size, controls))[:_REASON_CHARACTERS])
    sys.stdout.flush()


def _reason(source: str, tokens: _Tokens) -> str:
    from llguidance import LLTokenizer, TokenizerWrapper

    from .matcher import new_matcher

    try:
        matcher = new_matcher(LLTokenizer(TokenizerWrapper(tokens), slices=[]), source)
    except ValueError as error:
        return str(error)
    matcher.compute_bitmask()  # that it allows nothing is for the model's own words to tell
    return ""


class _Tokens:
    """A vocabulary without the model's words, which decide nothing here: its ids, all of them control
    tokens, and then one token for each byte. The names are those that llguidance looks for."""

    bos_token_id = None

    def __init__(self, size: int, controls: dict[str, int]) -> None:
        names = {token: text for text, token in controls.items()}
        special = [names.get(token, f"<[{token}]>").encode() for token in range(size)]
        self._size = size
        self.tokens = [*special, *(bytes([byte]) for byte in range(256)), b"<[end]>"]
        self.eos_token_id = size + 256
        self.special_token_ids = [*range(size), self.eos_token_id]

    def __call__(self, text: str | bytes) -> list[int]:
        return [self._size + byte for byte in (text.encode() if isinstance(text, str) else text)]


if __name__ == "__main__":
    main()

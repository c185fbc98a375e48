"""The plugin ``response-healing``: malformed JSON is mended before it is answered."""

from __future__ import annotations

import json

from fimble.engine.types import Completion


def healed(made: Completion) -> str:
    """The answer as valid JSON. Valid JSON is left as it is; so is what nothing can be made of."""
    try:
        json.loads(made.text)
        return made.text
    except ValueError:
        from json_repair import repair_json

        return repair_json(made.text, ensure_ascii=False) or made.text

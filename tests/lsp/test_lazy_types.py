"""lsprotocol's types are the same whether they are made at once or when they are used."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import attrs, json, sys
define = attrs.define
if {lazy}:
    from fimble.lsp.lazy_types import import_types
    import_types()
    assert attrs.define is define
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.lsp.server import LanguageServer
kinds = {{name: kind for name, kind in types.ALL_TYPES_MAP.items() if isinstance(kind, type)}}
unmade = sum(type(vars(kind).get("__attrs_attrs__")) is not tuple and not isinstance(
    vars(kind).get("__attrs_attrs__"), tuple) for kind in kinds.values() if "__annotations__" in vars(kind))
convert = get_converter()
message = convert.structure({message}, types.DidChangeTextDocumentNotification)
text = convert.structure({{"range": {range}, "newText": "é"}}, types.TextEdit)
told = [convert.unstructure(message), repr(message), message == message, text.new_text]
fields = {{
    name: [[each.name, repr(each.type), each.default is attrs.NOTHING, each.default is None,
            each.validator is None, each.kw_only] for each in attrs.fields(kind)]
    for name, kind in kinds.items() if attrs.has(kind)
}}
methods = {{name: sorted(vars(kind).keys() & {{"__init__", "__repr__", "__eq__", "__hash__", "__setattr__"}})
           for name, kind in kinds.items()}}
wrong = []
for arguments in ((-1, 0), ("x",), ()):
    try:
        types.Position(*arguments)
    except (TypeError, ValueError) as error:
        wrong.append(str(error))
print(json.dumps({{"unmade": unmade, "same": [told, fields, methods, wrong]}}))
"""
RANGE = {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 3}}
MESSAGE = {
    "jsonrpc": "2.0",
    "method": "textDocument/didChange",
    "params": {
        "textDocument": {"uri": "file:///a", "version": 1},
        "contentChanges": [{"text": "a"}, {"text": "b", "range": RANGE}],
    },
}


def told(lazy: bool) -> dict[str, object]:
    program = PROGRAM.format(lazy=lazy, message=MESSAGE, range=RANGE)
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_type_is_the_same_when_it_is_made_late() -> None:
    at_once, late = told(False), told(True)
    assert at_once["unmade"] == 0
    assert isinstance(late["unmade"], int)
    assert late["unmade"] > 400
    assert late["same"] == at_once["same"]

"""Imports are followed to files of the workspace."""

from __future__ import annotations

import pytest

from fimble.engine.context.files import HeldFiles
from fimble.engine.context.imports import imported
from fimble.engine.context.limits import IMPORTS
from fimble.engine.types import Snippet

CASES = [
    ("pkg/sub/a.py", "from .b import c, d as e\n", ["pkg/sub/b.py"]),
    ("pkg/sub/a.py", "from ..top import (\n    x,\n    y,\n)\n", ["pkg/top.py"]),
    ("pkg/sub/a.py", "from . import b\n", ["pkg/sub/b.py", "pkg/sub/__init__.py"]),
    ("pkg/sub/a.py", "import pkg.top as t, os\n", ["pkg/top.py"]),
    ("tests/t.py", "    from lib.m import x\n", ["src/lib/m.py"]),
    ("web/a.ts", "import { x } from './b';\nexport * from '../lib/c.js'\n", ["web/b.ts", "lib/c.ts"]),
    ("web/a.ts", "import {\n  x,\n} from './d'\nimport React from 'react'\n", ["web/d/index.ts"]),
    ("web/a.js", "const b = require('./plain')\n", ["web/plain.js"]),
    ("src/a.c", '#include "a.h"\n#include <lib/z.h>\n#include <stdio.h>\n', ["src/a.h", "include/lib/z.h"]),
    ("go/m/a.go", 'import (\n\t"fmt"\n\tx "host/mod/go/n"\n)\n', ["go/m/other.go", "go/n/n.go"]),
    ("r/src/a/b.rs", "use crate::c::{D, E};\nuse super::f::g;\nmod h;\n",
     ["r/src/c.rs", "r/src/a/f.rs", "r/src/a/b/h.rs"]),
    ("j/x/A.java", "import x.y.B;\nimport java.util.List;\n", ["j/x/y/B.java", "j/x/C.java"]),
    ("l/a.lua", 'local b = require("b")\n', ["l/b.lua"]),
    ("x/a.rb", "require_relative 'b'\n", ["x/b.rb"]),
]  # fmt: skip
PATHS = sorted({path for _, _, paths in CASES for path in paths} | {at for at, _, _ in CASES})


@pytest.mark.parametrize(("path", "head", "found"), CASES)
def test_what_is_imported(path: str, head: str, found: list[str]) -> None:
    files = HeldFiles(Snippet(each, "x") for each in PATHS)
    assert set(imported(path, head, "", files)) == set(found)


def test_bounded_and_never_itself() -> None:
    paths = [f"m{n}.py" for n in range(100)]
    files = HeldFiles(Snippet(each, "x") for each in [*paths, "a.py"])
    head = "import a\n" + "".join(f"import m{n}\n" for n in range(100))
    assert imported("a.py", head, "python", files) == paths[:IMPORTS]


def test_imports_that_leave_the_workspace_find_nothing() -> None:
    files = HeldFiles([Snippet("a.py", "x")])
    assert imported("b.py", "from ......a.b import c\nfrom .a.. import d\n", "python", files) == []
    assert imported("b.ts", "import x from '../../../etc/passwd'\n", "typescript", files) == []

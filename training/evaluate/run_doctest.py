"""Runs one function's doctests with its module's source replaced: ROOT MODULE FUNCTION.

The replaced source is ``module.py`` in the working folder. Exit status 0 when there were examples and
all of them passed.
"""

from __future__ import annotations

import doctest
import importlib
import importlib.abc
import importlib.util
import io
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

ROOT, MODULE, FUNCTION = sys.argv[1:4]


class Replaced(importlib.abc.MetaPathFinder):
    """Finds MODULE in the working folder; everything else is found as usual."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(name, "module.py") if name == MODULE else None


def main() -> int:
    sys.path.insert(0, ROOT)
    sys.meta_path.insert(0, Replaced())
    module = importlib.import_module(MODULE)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    tests = [
        test
        for test in doctest.DocTestFinder().find(module)
        if test.name == f"{MODULE}.{FUNCTION}" and test.examples
    ]
    for test in tests:
        runner.run(test, out=io.StringIO().write)
    return 0 if tests and not runner.failures else 1


if __name__ == "__main__":
    sys.exit(main())

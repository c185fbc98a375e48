"""The language of a text that nobody has named."""

from __future__ import annotations

import pytest

from fimble.engine.syntax.guess import Guesses, guess

TEXTS = {
    "python": "from os import path\n\n\ndef f(self, a):\n    return self.a\n",
    "rust": "use std::fs;\n\npub fn read(&self) -> String {\n    let mut x = vec![];\n",
    "go": 'package main\n\nimport (\n\t"fmt"\n)\n\nfunc main() {\n\tx := 1\n',
    "java": "import java.util.List;\n\npublic class A {\n    private final int x;\n    @Override\n",
    "typescript": "import { a } from './a';\nexport interface A {\n  readonly name: string;\n}\n",
    "javascript": "const a = require('a');\nmodule.exports = (x) => x === 1;\n",
    "c": '#include <stdio.h>\n#include "a.h"\n\nint main(void) {\n    return sizeof(x);\n',
    "cpp": "#include <vector>\n\nnamespace a {\ntemplate <typename T>\nstd::vector<T> f();\n",
    "ruby": "require 'set'\n\nmodule A\n  def b?\n    @a = 1\n  end\nend\n",
    "shellscript": "#!/bin/sh\nif [[ $1 ]]; then\n  echo hi\nfi\n",
    "": "one two three",
}


@pytest.mark.parametrize("language", TEXTS, ids=lambda each: each or "none")
def test_it_is_told_by_what_its_files_have(language: str) -> None:
    assert guess(TEXTS[language]) == language


def test_blank_lines_are_quickly_passed() -> None:
    """A pattern that may begin anywhere in them would look at each as often as there are lines."""
    assert guess("\n" * 100_000) == ""


def test_a_paths_ending_is_surer_than_the_text() -> None:
    assert Guesses().language("a", "x.go", TEXTS["python"], "") == "go"
    assert Guesses().language("a", "x.unknown", TEXTS["python"], "") == "python"


def test_a_document_keeps_its_language_and_the_oldest_is_forgotten() -> None:
    known = Guesses(documents=2)
    assert known.language("a", "", TEXTS["python"], "") == "python"
    assert known.language("a", "", TEXTS["rust"], "") == "python"
    known.language("b", "", TEXTS["go"], "")
    known.language("c", "", TEXTS["go"], "")
    assert known.language("a", "", TEXTS["rust"], "") == "rust"


def test_a_document_of_which_nothing_told_is_looked_at_again() -> None:
    known = Guesses()
    assert known.language("a", "", "x", "") == ""
    assert known.language("a", "", TEXTS["rust"], "") == "rust"

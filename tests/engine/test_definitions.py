"""Names and signatures that a file defines, in several languages."""

from __future__ import annotations

import pytest

from fimble.engine.syntax.definitions import SIGNATURE_CHARACTERS, Definition, definitions
from fimble.engine.syntax.languages import find_language
from fimble.engine.syntax.tree import SyntaxTree

CASES = {
    "a.py": (
        "LIMIT = 3\nprint('no')\n@dataclass\nclass A(B):\n    '''Doc.'''\n    x: int = 0\n"
        "    async def f(\n        self,\n        a,\n    ) -> str:\n        def inner(): ...\n",
        [
            ("LIMIT", "", "LIMIT = 3\n"),
            ("A", "", "class A(B):\n"),
            ("x", "A", "x: int = 0\n"),
            ("f", "A", "async def f(\n    self,\n    a,\n) -> str:\n"),
        ],
    ),
    "a.ts": (
        "export interface P { a: number }\nexport const go = async (a: string) => {\n}\n"
        "export class C extends D {\n  run(a: string): void { }\n}\n",
        [
            ("P", "", "interface P { a: number }\n"),
            ("go", "", "const go = async (a: string) => {\n"),
            ("C", "", "class C extends D\n"),
            ("run", "C", "run(a: string): void\n"),
        ],
    ),
    "a.go": (
        "package p\ntype S struct {\n\tA int\n}\nfunc (s *S) Do(x int) error { return nil }\n",
        [
            ("S", "", "type S struct {\n\tA int\n}\n"),
            ("Do", "", "func (s *S) Do(x int) error\n"),
        ],
    ),
    "a.rs": (
        "pub enum E { A(u8) }\nimpl<T> S<T> { pub fn new(a: u8) -> Self { S } }\n",
        [("E", "", "pub enum E { A(u8) }\n"), ("new", "S", "pub fn new(a: u8) -> Self\n")],
    ),
    "a.h": (
        "#ifndef A\n#define MAX(a, b) ((a) > (b))\nstruct list { struct list *next; };\n"
        "static char *name(void) { return 0; }\nint add(int a);\n#endif\n",
        [
            ("MAX", "", "#define MAX(a, b) ((a) > (b))\n"),
            ("list", "", "struct list { struct list *next; }\n"),
            ("name", "", "static char *name(void)\n"),
            ("add", "", "int add(int a);\n"),
        ],
    ),
    "a.hpp": (
        "namespace n { template <class T> class V : public W { public: void push(const T& x); }; }\n",
        [("V", "", "class V : public W\n"), ("push", "V", "void push(const T& x);\n")],
    ),
    "A.java": (
        "public class A extends B { public String go(int x) { return null; } }\n",
        [("A", "", "public class A extends B\n"), ("go", "A", "public String go(int x)\n")],
    ),
}


@pytest.mark.parametrize("path", CASES)
def test_what_a_file_defines(path: str) -> None:
    text, wanted = CASES[path]
    found = found_in(path, text)
    assert [(each.name, each.holder, each.signature) for each in found] == wanted


def found_in(path: str, text: str, limit: int = 100) -> list[Definition]:
    spec = find_language("", path)
    assert spec is not None
    source = text.encode()
    return definitions(SyntaxTree(spec, source), source, limit)


def test_bounded() -> None:
    many = "".join(f"def f{n}(): ...\n" for n in range(50))
    assert len(found_in("a.py", many, 10)) == 10
    long = "def f(\n" + "    argument,\n" * 1_000 + "): ...\n"
    (one,) = found_in("a.py", long)
    assert len(one.signature) <= SIGNATURE_CHARACTERS


def test_broken_text_is_read_as_far_as_it_goes() -> None:
    assert "g" in [each.name for each in found_in("a.py", "x = (\n\ndef f(: ...\n\ndef g(b):\n    pass\n")]
    for path, (text, _) in CASES.items():
        for cut in range(0, len(text), 7):
            found_in(path, text[cut:] + text[:cut])

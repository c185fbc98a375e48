"""Which grammar belongs to which language id or file name. Grammars are loaded when first used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from tree_sitter import Language


@dataclass(frozen=True, slots=True)
class LanguageSpec:
    """A language with its LSP ids, file names and grammar package (module, function)."""

    id: str
    grammar: tuple[str, str]
    aliases: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    line_comment: str = "#"
    long_quotes: tuple[tuple[str, str], ...] = ()
    """What opens and what closes strings and comments that go over several lines."""
    closers: str = ""
    """Words that close a block, as a regular expression."""
    opening: str = ""
    """What a file begins with, ahead of any code."""
    statement: str = "x"
    """The shortest statement."""


def _spec(
    id: str,
    package: str,
    aliases: str,
    extensions: str,
    comment: str,
    names: str = "",
    call: str = "language",
    quotes: tuple[tuple[str, str], ...] = (),
    closers: str = "",
    opening: str = "",
    statement: str = "x",
) -> LanguageSpec:
    return LanguageSpec(
        id, (f"tree_sitter_{package}", call), tuple(aliases.split()), tuple(extensions.split()),
        tuple(names.split()), comment, quotes, closers, opening, statement,
    )  # fmt: skip


_TRIPLE = (('"""', '"""'), ("'''", "'''"))
_C = (("/*", "*/"),)
_C_BACKTICK = (*_C, ("`", "`"))


LANGUAGES: tuple[LanguageSpec, ...] = (
    _spec("python", "python", "py", ".py .pyi .pyw", "#", "SConstruct SConscript wscript", quotes=_TRIPLE),
    _spec("javascript", "javascript", "javascriptreact js jsx", ".js .mjs .cjs .jsx", "//",
          quotes=_C_BACKTICK, statement="x();"),
    _spec("typescript", "typescript", "ts", ".ts .mts .cts", "//", call="language_typescript",
          quotes=_C_BACKTICK, statement="x();"),
    _spec("typescriptreact", "typescript", "tsx", ".tsx", "//", call="language_tsx",
          quotes=_C_BACKTICK, statement="x();"),
    _spec("go", "go", "golang", ".go", "//", quotes=_C_BACKTICK, statement="x()"),
    _spec("rust", "rust", "rs", ".rs", "//", quotes=_C, statement="x();"),
    _spec("c", "c", "", ".c .h", "//", quotes=_C, statement="x();"),
    _spec("cpp", "cpp", "c++ cuda-cpp", ".cc .cpp .cxx .hpp .hh .hxx .ipp .cu", "//",
          quotes=_C, statement="x();"),
    _spec("java", "java", "", ".java", "//", quotes=(*_C, _TRIPLE[0]), statement="x();"),
    _spec("csharp", "c_sharp", "cs c#", ".cs", "//", quotes=(*_C, _TRIPLE[0]), statement="x();"),
    _spec("ruby", "ruby", "rb", ".rb .rake .gemspec", "#", "Rakefile Gemfile",
          quotes=(("\n=begin", "\n=end"),), closers="end"),
    _spec("php", "php", "", ".php", "//", call="language_php", quotes=_C, opening="<?php", statement="x();"),
    _spec("lua", "lua", "", ".lua", "--", quotes=(("--[[", "]]"), ("[[", "]]")), closers="end|until",
          statement="x()"),
    _spec("shellscript", "bash", "sh bash zsh shell", ".sh .bash .zsh", "#", ".bashrc .zshrc .profile",
          closers="fi|done|esac"),
    _spec("html", "html", "", ".html .htm", "", quotes=(("<!--", "-->"),)),
    _spec("css", "css", "", ".css", "", quotes=_C, statement="x: y;"),
    _spec("json", "json", "jsonc", ".json", ""),
    _spec("yaml", "yaml", "yml", ".yaml .yml", "#"),
    _spec("toml", "toml", "", ".toml", "#", "Cargo.lock poetry.lock", quotes=_TRIPLE, statement="x = 1"),
)  # fmt: skip

_BY_ID = {name: spec for spec in LANGUAGES for name in (spec.id, *spec.aliases)}
_BY_EXTENSION = {ending: spec for spec in LANGUAGES for ending in spec.extensions}
_BY_NAME = {name: spec for spec in LANGUAGES for name in spec.file_names}


def find_language(language_id: str, path: str = "") -> LanguageSpec | None:
    """The language of a document, by its id or else by its file name; None for all others."""
    if (spec := _BY_ID.get(language_id.lower())) is not None:
        return spec
    name = PurePosixPath(path.replace("\\", "/")).name
    return _BY_NAME.get(name) or _BY_EXTENSION.get(PurePosixPath(name).suffix.lower())


@cache
def grammar(spec: LanguageSpec) -> Language:
    """The language's grammar, from its own package."""
    module, function = spec.grammar
    return Language(getattr(importlib.import_module(module), function)())

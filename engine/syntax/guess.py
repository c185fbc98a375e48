"""The language of a text whose client does not name it: by a path's ending, or by words that tell."""

from __future__ import annotations

import re
from collections import OrderedDict

from ..limits import DOCUMENTS_GUESSED
from .languages import find_language

GUESSED_FROM = 1_000
"""Characters of each side of the cursor that are looked at."""
_TELLING: dict[str, tuple[str, ...]] = {
    "python": (
        r"^[ \t]*(?:def \w+\(|class \w+.*:$|from [\w.]+ import |elif .*:$|@\w+$|import \w[\w.]*$)",
        r"\bself\.|^#!.*python",
    ),
    "rust": (
        r"\bfn \w+|\blet mut |\bimpl\b|\bpub (?:fn|struct|enum|mod|use)\b", r"^[ \t]*use \w+::",
        r"&(?:mut )?self\b|\b\w+!\(",
    ),
    "go": (r"^package \w+$|^func [\w(]|\bfunc\(", r" := |^import \($|\berr != nil"),
    "java": (
        r"\bpublic (?:static |final |class |void |interface )|\bprivate (?:static |final )|@Override",
        r"^import java|^package [\w.]+;",
    ),
    "csharp": (
        r"^using [\w.]+;|^namespace [\w.]+|\bget; set;", r"\bpublic (?:async |override |virtual )",
        r"\bvar \w+ = new ",
    ),
    "cpp": (
        r"^#include <\w+>$|\bstd::|\btemplate ?<|\bnullptr\b|^using namespace",
        r"^[ \t]*(?:public|private|protected):$|\bclass \w+ ?(?::|\{)",
    ),
    "c": (
        r"^#include [<\"][\w/]+\.h[>\"]|\btypedef struct|^#define \w+|\bsizeof\(|\bNULL\b|->\w+",
        r"^(?:static )?(?:int|void|char) \*?\w+\(",
    ),
    "typescript": (
        r"\binterface \w+ \{|: (?:string|number|boolean|void)\b|\breadonly |\bas \w+;",
        r"^import .* from ['\"]|^export (?:type|interface|enum) |\bconst \w+ = ",
    ),
    "javascript": (
        r"\bconst \w+ = |\bfunction ?\w*\(|=> ?\{?|\brequire\(['\"]|===|\bmodule\.exports",
        r"^import .* from ['\"]|^export default",
    ),
    "ruby": (
        r"^[ \t]*end$|^[ \t]*def \w+[?!]?(?:\(.*\))?$|\bdo \|\w+|^require ['\"]",
        r"\battr_\w+ |^module [A-Z]|@\w+ = ",
    ),
    "php": (r"<\?php|\$this->|\$\w+ = |^use [\w\\]+;$", r"\bfunction \w+\(.*\$"),
    "lua": (
        r"^[ \t]*local (?:function )?\w+|^[ \t]*end$|\bthen$| \.\. |\belseif |~=", r"^function [\w.:]+\(",
    ),
    "shellscript": (r"^#!/.*sh$|^[ \t]*(?:fi|done|esac)$|\bthen$|\$\{\w+|^[ \t]*echo |\[\[ ",),
    "html": (r"<!DOCTYPE|<(?:html|head|body|div|span|p|a|ul|li|script)\b|</\w+>",),
    "css": (r"^[ \t]*[.#]?[\w-]+(?: [.#]?[\w-]+)* \{$|^[ \t]*[\w-]+: [^;{]+;$|^@media ",),
    "json": (r"^[ \t]*\"[^\"]+\": ?(?:[\"\[{\d]|true|false|null)",),
    "yaml": (r"^[\w-]+:(?: \S.*)?$|^[ \t]+- \w+:? |^---$",),
    "toml": (r"^\[[\w.\"-]+\]$|^\[\[[\w.-]+\]\]$|^[\w-]+ = (?:[\"\[{\d]|true|false)",),
}  # fmt: skip
"""Of each language what its files have often and others' seldom: the language with most of it is taken."""
_PATTERNS = {language: re.compile("|".join(found), re.MULTILINE) for language, found in _TELLING.items()}


class Guesses:
    """The languages of documents: each is guessed once, since it takes a while, and then stays what it
    was."""

    def __init__(self, documents: int = DOCUMENTS_GUESSED) -> None:
        """``documents`` are how many are remembered."""
        self._documents = documents
        self._known: OrderedDict[str, str] = OrderedDict()

    def language(self, document: str, path: str, prefix: str, suffix: str) -> str:
        """The language that the path tells, or else the one that the text looks like most; empty where
        nothing tells."""
        spec = find_language("", path)
        if spec is not None:
            return spec.id
        found = self._known.pop(document, "") or guess(prefix[-GUESSED_FROM:] + "\n" + suffix[:GUESSED_FROM])
        self._known[document] = found
        if len(self._known) > self._documents:
            self._known.popitem(last=False)
        return found


def guess(text: str) -> str:
    """The language that a text looks like most; empty where nothing tells."""
    scores = {language: sum(1 for _ in found.finditer(text)) for language, found in _PATTERNS.items()}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] else ""

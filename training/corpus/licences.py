"""Which licences allow the code to be learnt from: permissive ones only, read from metadata or text."""

from __future__ import annotations

import re

PERMISSIVE = frozenset(
    [
        "0bsd",
        "apache-2.0",
        "blueoak-1.0.0",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "bsl-1.0",
        "cc0-1.0",
        "hpnd",
        "isc",
        "mit",
        "mit-0",
        "mit-cmu",
        "ncsa",
        "postgresql",
        "psf-2.0",
        "python-2.0",
        "public-domain",
        "unlicense",
        "upl-1.0",
        "zlib",
        "zpl-2.1",
        "ofl-free",
        "curl",
        "unicode-3.0",
        "x11",
        "w3c",
    ]
)

_ALIASES = (
    (r"\bmit[- ]?0\b", "mit-0"),
    (r"\bmit\b|\bexpat\b", "mit"),
    (r"\bapache\b|\basl ?2\b", "apache-2.0"),
    (r"\b(0bsd|bsd[- ]zero)\b", "0bsd"),
    (r"\bbsd\b|\bbsd-\d|\bnew bsd\b|\bmodified bsd\b", "bsd"),
    (r"\bisc\b", "isc"),
    (r"\bpsf|python software foundation|\bpython-2\.0\b", "psf-2.0"),
    (r"\bboost\b|\bbsl-1\.0\b", "bsl-1.0"),
    (r"\bunlicense\b", "unlicense"),
    (r"\bzlib\b", "zlib"),
    (r"\bpublic[ -]domain\b", "public-domain"),
    (r"\bcc0\b", "cc0-1.0"),
    (r"\bhpnd\b|historical permission", "hpnd"),
    (r"\bzpl\b|zope public", "zpl-2.1"),
    (r"\bncsa\b", "ncsa"),
    (r"\bcurl\b", "curl"),
)
_RESTRICTED = re.compile(
    r"\b(a?gpl|lgpl|gnu|mpl|mozilla|epl|eclipse|cddl|eupl|sspl|cc-by|proprietary|commercial|osl|"
    r"artistic|non-?commercial|business source|elastic license|nvidia|intel simplified)",
    re.I,
)
_TEXTS = (
    ("apache-2.0", r"apache license\s+version 2\.0"),
    ("mit", r"permission is hereby granted, free of charge, to any person obtaining"),
    ("bsd", r"redistribution and use in source and binary forms,? with or without"),
    ("isc", r"permission to use, copy, modify,? and(/or)? distribute this software for any purpose"),
    ("bsl-1.0", r"boost software license - version 1\.0"),
    ("psf-2.0", r"python software foundation license version 2"),
    ("unlicense", r"free and unencumbered software released into the public domain"),
    ("zlib", r"this software is provided 'as-is', without any express or implied"),
)


def permissive_name(declared: str) -> str | None:
    """The licence's name when a declared one (SPDX expression or free words) is permissive, else None.

    ``A OR B`` needs one permissive side, ``A AND B`` both.
    """
    declared = re.sub(r",? version\b", " version", " ".join(declared.split()), flags=re.I)
    if not declared or len(declared) > 300:
        return None
    alternatives = re.split(r"\s+or\s+|\s*\|\|\s*", declared.strip("() "), flags=re.I)
    for alternative in alternatives:
        parts = re.split(r"\s+and\s+|\s*[,;&]\s*", alternative, flags=re.I)
        names = [_single(part) for part in parts if part.strip("() ")]
        if names and all(names):
            return " AND ".join(sorted({name for name in names if name}))
    return None


def _single(part: str) -> str | None:
    part = part.strip("() \"'").lower()
    if part in PERMISSIVE:
        return part
    if _RESTRICTED.search(part):
        return None
    return next((name for pattern, name in _ALIASES if re.search(pattern, part)), None)


def permissive_text(text: str) -> str | None:
    """The licence's name when a LICENSE file's text is a known permissive one, else None."""
    head = " ".join(text[:20_000].lower().split())
    if "gnu general public license" in head or "gnu lesser general public" in head:
        return None
    return next((name for name, pattern in _TEXTS if re.search(pattern, head)), None)

"""Every bound of the engine, in one place: how much is taken before it is read, parsed or compiled.

Each constant says what it bounds and which error the caller sees. Sizes are in the unit of the name.
"""

from __future__ import annotations

FRAME_BYTES = 16 << 20
"""A message between the engine and a model's process: longer ones are not sent (``InvalidRequest``), and not
read (``FrameError``)."""
FRAME_SECONDS = 10.0
"""How long the rest of a message may take once it has begun; then its connection ends (``FrameError``)."""

IGNORE_FILE_BYTES = 65_536
"""Size of a ``.fimbleignore``; below a larger one every file is left alone, and the user is told why."""
IGNORE_FILE_LINES = 1_000
"""Lines of a ``.fimbleignore``; below a longer one every file is left alone."""
IGNORE_LINE_CHARACTERS = 1_000
"""Length of one pattern; a longer line is left out with a warning."""
IGNORE_FOLDERS_KEPT, IGNORE_PATTERNS_KEPT = 1_024, 4_096
"""Folders and patterns that are remembered, some 5 MB; then all ignore files are read again."""
VERDICTS_KEPT = 1_024
"""Paths of which it is remembered whether they are private, some 5 MB; then all are judged again."""

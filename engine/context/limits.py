"""Bounds of what is looked at for the context of a prompt. What is more is left out; no error."""

from __future__ import annotations

FILE_CHARACTERS = 60_000
"""The start of a file that is searched for definitions and similar text."""
FILES_READ = 24
"""Closed files that are read for one choice."""
FOLDER_FILES = 400
"""Names of one folder that are looked at, in alphabetical order."""
NEIGHBOURS = 6
"""Files of the same folder that are searched for similar text."""
OPEN_FILES = 20
"""Open files that are searched for similar text."""
IMPORTS = 40
"""Files that one file imports."""
HEAD_CHARACTERS = 8_000
"""The start of a file in which imports are looked for."""
DEFINITIONS = 400
"""Definitions that are told apart in one file."""
FILES_KEPT = 64
"""Files whose definitions and words are remembered, by their text."""
DOCUMENTS_KEPT = 32
"""Documents of which it is remembered what was chosen; the one that was not asked for longest goes."""
CHOICE_SECONDS = 0.5
"""After this, a choice is made from what was read by then."""
PAUSE_SECONDS = 0.3
"""Whoever types on within this is not paused, and nothing is chosen anew."""
MOVED_CHARACTERS = 1_000
"""Who is farther from where the last choice was made is somewhere else."""

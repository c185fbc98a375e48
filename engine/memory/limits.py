"""Bounds of the project's memory. None of them gives an error: what is more is left out, and progress or
``fimble doctor`` says so where it matters."""

from __future__ import annotations

# What is read

FILE_BYTES = 512 << 10
"""A file that is longer is not remembered."""
ENTRIES_SEEN = 400_000
"""So many names of files and folders are looked at, those nearest to the workspace's folder first."""
FOLDER_ENTRIES = 50_000
"""So many of one folder."""
FOLDER_DEPTH = 48
"""Folders that lie deeper are not looked into."""
MEAN_LINE_BYTES, LONGEST_LINE_BYTES = 160, 4_000
"""Text with longer lines on average, or with one longer line, was not written by hand."""
HEAD_BYTES = 1_000
"""In so much of a file's beginning is looked for the words that say that a program wrote it."""
WALK_SECONDS = 120.0
"""Processor time for looking through a workspace; what was not seen by then is left out."""

# What is kept

SEGMENT_BYTES = 8 << 20
"""Text in one segment; what is built for it takes eight times as much memory for a moment."""
SEGMENTS = 600
SEGMENT_FILES = 20_000
"""Files in one segment."""
TABLE_BYTES = 16 << 20
"""A segment's list of files."""
MANIFEST_BYTES = 16 << 20
SMALL_SEGMENTS = 4
"""So many segments may be less than half full; then they become one."""
KEPT_DAYS = 60
"""The index of a workspace is removed when it was not used for so long."""
KEPT_BYTES = 4 << 30
"""So much of the disk the indexes of all workspaces may take; those not used for longest are removed."""
DISK_RESERVE_BYTES = 256 << 20
"""So much of a disk stays free."""

# Searching

MATCH_BYTES = 64
"""No longer match is told from this one."""
LOOKED_AT = 8
"""For each place that is wanted, so many are looked at: most may lie in files that do not count."""
OPEN_INDEXES = 4
"""Workspaces whose index one process has open."""
LOOK_SECONDS = 1.0
"""How often it is looked whether an index has been renewed."""

# The process that builds

SMALL_BYTES = 4 << 20
"""A project of so much text is read at once; a larger one gets only the time that nobody else wants."""
WAITING_SECONDS = 5.0
"""How often a process that waits for another one to build the same index says that it lives."""
CLEANING_SECONDS = 10.0
"""How long it is looked for indexes that nobody needs any more."""
BUILD_SECONDS = 1_800.0
"""How long building may take in all."""
SILENT_SECONDS = 300.0
"""How long building may give no sign of life; a disk that does not answer is given up then. A process of
lowest priority may get no time for long, too."""
UPDATE_SECONDS = 20.0
"""An index is brought up to date no more often."""
LISTED_SECONDS = 300.0
"""The same for a folder that a server's settings list, which nobody says has changed."""
LINE_BYTES = 65_536
"""What building says at a time."""
WORKSPACES = 16
"""Workspaces that one engine keeps an index for."""

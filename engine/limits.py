"""Every bound of the engine, in one place: how much is taken before it is read, parsed or compiled.

Each constant says what it bounds and which error the caller sees. Sizes are in the unit of the name.
"""

from __future__ import annotations

FRAME_BYTES = 16 << 20
"""A message between the engine and a model's process: longer ones are not sent (``InvalidRequest``), and not
read (``FrameError``)."""
FRAME_SECONDS = 10.0
"""How long the rest of a message may take once it has begun; then its connection ends (``FrameError``)."""

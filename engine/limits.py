"""Every bound of the engine, in one place: how much is taken before it is read, parsed or compiled.

Each constant says what it bounds and which error the caller sees. Sizes are in the unit of the name.
"""

from __future__ import annotations

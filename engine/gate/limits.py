"""Bounds of the gate; what is beyond them is not looked at, and no error."""

CUTS = 256
"""Places at which a text may be cut, the first ones."""
PARSES = 4
"""Cuts of one text that are parsed, the best ones."""
LINE_CHARACTERS = 400
"""What is looked at of the line ahead of the cursor."""

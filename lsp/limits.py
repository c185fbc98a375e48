"""Every bound of the language server: what it bounds, and what happens beyond it."""

from __future__ import annotations

HEADER_BYTES = 4_096
"""The headers of one message; more of them end the connection."""
MESSAGE_BYTES = 64 * 1024 * 1024
"""One message; a longer one is skipped, all documents are forgotten, and the user is told once."""
ANSWER_SECONDS = 10.0
"""How long the editor may take for its options; then those sent at the start are used."""
UNSENT_BYTES = 16 * 1024 * 1024
"""What waits for an editor that does not read (TCP only); more ends the connection."""
BACKLOG = 128
"""Connections that the system keeps until they are accepted; others try again."""
ACCEPTED_AT_ONCE = 16
"""Connections that are accepted before any of them is served or refused: each takes a descriptor meanwhile,
and several rounds overlap."""
CONNECTIONS = 16
"""Editors on one TCP port; one more is refused."""
INITIALIZE_SECONDS = 10.0
"""Who has connected to a TCP port and has not said ``initialize`` by then loses the connection."""

DOCUMENTS = 1_000
"""Open documents; one more gets no suggestions until it is opened again."""
DOCUMENT_CHARACTERS = 10_000_000
"""One document; a longer one gets no suggestions, and its status says why."""
ALL_CHARACTERS = 100_000_000
"""All open documents together; what comes beyond it gets no suggestions until it is opened again."""
EDITS = 20_000
"""Edits in one notification; with more, the document gets no suggestions until it is opened again."""
EDIT_WORK = 500_000_000
"""Edits of one notification times lines (and the characters of one) of the document; beyond it as for
:data:`EDITS`."""
URI_CHARACTERS = 8_192
"""An address; a document with a longer one is not kept."""

LANGUAGE_CHARACTERS = 100
"""A language's id; the rest of it is cut off."""

CONTEXT_CHARACTERS = 100_000
"""Text on each side of the cursor that is handed to the engine, which cuts it to what its model reads."""
CONTEXT_STEP = 8_192
"""Contexts begin and end at multiples of this, counted from the file's ends: keys do not move them."""
WORD_CHARACTERS = 200
"""The word before a cursor; of a longer one the end."""
SELECTED_CHARACTERS = 1_000
"""The text of a menu's selected item; for a longer one nothing is suggested."""
SUGGESTION_CHARACTERS = 4_000
"""A suggestion; a longer one is dropped."""
BESIDE_FILES, BESIDE_CHARACTERS, BESIDE_EACH = 16, 65_536, 16_384
"""How many other open files, and how much text of all and of one, are searched for what may follow; the rest
is left out."""
SUGGESTIONS_KEPT = 12
"""Suggestions remembered for each document, without the text around them; the oldest is forgotten."""
DEBOUNCE_MS = 2_000
"""The option `debounce`; a longer time is refused, and the user is told."""
OUTCOMES_KEPT = 8
"""Of how many suggestions of each document it is known whether they were taken; the oldest is forgotten."""

PATTERNS = 1_000
"""Patterns in the option `disabledPaths`; the rest is ignored, and the user is told."""
PATTERN_CHARACTERS = 500
"""One such pattern; a longer one is ignored, and the user is told."""
OPTION_CHARACTERS = 200
"""Characters of a wrong option that are repeated in the message about it."""
ARGUMENT_CHARACTERS = 1_000
"""A string in a command's argument; a longer one is refused as invalid."""
SNOOZE_MINUTES = 7 * 24 * 60
"""The longest snooze; a longer one is refused as invalid."""
NOTICES = 100
"""Different messages shown to the user in one session; further ones are only logged."""
NOTICE_CHARACTERS = 1_000
"""One such message; the rest of it is cut off."""

"""Every bound of the server, in one place: what it takes, holds and waits for. What one key may use is in
:mod:`.rate_limits`, and the size of a body in the settings (``max_body_mb``).

Each constant says what it bounds and what happens beyond it. Sizes and times are in the unit of the name.
"""

from __future__ import annotations

# Connections

MAX_CONNECTIONS = 1_000
"""Connections at once; fewer where the system gives the process fewer descriptors. A newcomer takes the place
of the peer that has kept the server waiting longest; where nobody does, it waits to be accepted."""
RESERVED_DESCRIPTORS = 64
"""Descriptors that connections leave to the database, to workers and to attached files."""
STRANGERS_SHARE = 0.5
"""Part of all connections that one address may hold without having shown a key. One more takes the place of
that address's own longest waiting one, or is closed."""
ACCEPT_PAUSE_SECONDS = 0.05
"""Time until the next attempt when there was no room, no descriptor or no memory for a connection."""
BACKLOG = 128
"""Connections that the system keeps until they are accepted; it refuses more."""
HANDSHAKE_SECONDS = 10.0
"""TLS handshake; then the connection is closed."""
IDLE_SECONDS = 75.0
"""Time until a request's head is whole, counted from the connection's start or from the answer before; then
the connection is closed."""
BODY_SECONDS = 60.0
"""Time for a request's body to arrive, 408 after it."""
WRITE_SECONDS = 20.0
"""Time in which a reader must take ``WRITE_BYTES`` of what waits for it, or all; then it is disconnected."""
WRITE_BYTES = 16_384
LAST_WORD_SECONDS = 1.0
"""Time for the error that ends a stream to be written; then the connection is closed."""
SEND_BUFFER_BYTES = 65_536
"""What the system buffers of an answer. By itself it takes megabytes: whole answers, which the model would
make for nobody to read."""

# Heads

MAX_LINE_BYTES = 8_190
"""Request line, and each header: 413 beyond."""
MAX_HEADERS = 100
"""Headers of a request: 400 beyond."""

# Bodies: 400 beyond, unless said otherwise

MAX_VALUES = 200_000
"""Values in a JSON body, at all depths together: 413 beyond, before anything is made of them."""
MAX_TEXT = 8_000_000
"""Characters of a prompt, a message or another text."""
MAX_FILE = 400_000_000
"""Characters of an attached file's data: URL; the body's own size is the tighter bound."""
MAX_NAME = 256
"""Characters of a name: a model's, a user's, a tool call's."""
MAX_PATH = 4_096
"""Characters of a file's path or name."""
MAX_WORD = 128
"""Characters of a language's name and the like."""
MAX_DESCRIPTION = 65_536
"""Characters of a description of a tool or schema."""
MAX_STOP = 256
"""Characters of a stop string."""
MAX_CONTEXT_FILES = 64
BESIDE_CHARACTERS = 65_536
"""Characters of other files in which is looked for what may follow; of more, the first ones are left out."""
MAX_PROMPTS = 64
MAX_PROMPT_TOKENS = 131_072
"""Token ids of one prompt."""
MAX_MESSAGES = 2_048
MAX_PARTS = 1_024
"""Parts of one message's content."""
MAX_TOOLS = 128
"""Tools of a request, and calls of one message."""
MAX_PROPERTIES = 4_096
"""Entries at the top of a JSON schema; the engine bounds its depth."""
MAX_BIASES = 4_096
"""Tokens of ``logit_bias``."""
MAX_FIELDS = 64
"""Names of fields that are to be answered."""
MAX_UPSTREAMS = 64
"""Names of models or providers to choose among."""
MAX_PARAM = 128
"""Characters of a field's name in an error; longer ones are cut."""

# Attached files: 400 beyond

PDF_READERS = 2
"""PDFs read at once; others wait."""
PDF_SECONDS = 20.0
PDF_PAGES = 500
"""Pages of a PDF that are read; the rest is left out."""
PDF_MEMORY_BYTES = 1 << 30
PDF_TEXT_BYTES = 8_000_000
"""Text of a PDF that is read; the rest is left out."""

# Searches: 503 beyond, unless said otherwise

SEARCHES = 16
"""Searches under way at once; others wait, and their time runs."""
SEARCH_SECONDS = 5.0
SEARCH_BYTES = 1_000_000
"""What a search may answer."""
SEARCH_QUERY = 400
"""Characters of what is searched for, the first ones of the last thing that was asked."""
SEARCH_RESULTS = 10
"""Pages of a search that a request may ask for: 400 beyond."""
SEARCH_TITLE, SEARCH_URL, SEARCH_SNIPPET = 200, 2_048, 1_000
"""Characters of what is told of a page. Titles and snippets are cut, pages with a longer address left out."""
MAX_SEARCH_PROMPT = 16_384
"""Characters of what stands above the results: 400 beyond."""

# Remembered answers, some 10 MB in all; beyond these the oldest are forgotten and the model is asked

DOCUMENTS_REMEMBERED = 4_096
"""Documents of all people together whose answers are remembered."""
ANSWERS_KEPT = 8
"""Answers remembered for each document."""
ANSWER_CHARACTERS = 1_000
"""Characters of an answer; a longer one is not remembered."""

# Usage

MAX_USAGE_ROWS = 50_000
"""Rows of usage that wait in memory while the database is away; more distinct ones are not counted."""

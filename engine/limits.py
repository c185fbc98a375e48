"""Every bound of the engine, in one place: how much is taken before it is read, parsed or compiled.

Each constant says what it bounds and which error the caller sees. Sizes are in the unit of the name.
"""

from __future__ import annotations

FRAME_BYTES = 16 << 20
"""A message between the engine and a model's process: longer ones are not sent (``InvalidRequest``), and not
read (``FrameError``)."""
FRAME_SECONDS = 10.0
"""How long the rest of a message may take once it has begun; then its connection ends (``FrameError``)."""
UNREAD_BYTES = 2 * FRAME_BYTES
UNREAD_SECONDS = 10.0
"""How much may wait to be read by the other end of a pipe or socket, and how long; then it is given up."""

HELLO_SECONDS = 1.0
"""How long the shared engine may take to greet an editor; then the editor uses a worker of its own."""
JOIN_SECONDS = 8.0
"""How long an editor waits for a shared engine that is being started."""
SPARE_SECONDS = 60.0
"""How long a shared engine waits to hear what it is to serve; then it ends."""
SILENT_SECONDS = 1.5
"""How long a shared engine that owes an answer may give no sign of life; then it is left."""
CLIENTS = 200
"""Editors that are joined to one shared engine at a time; further ones use a worker of their own."""
CLIENT_JOBS = 64
"""Requests of one editor that are under way in the shared engine; more are ``Overloaded``."""

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

LAID_OUT_CHARACTERS = 400_000
"""A longer prompt is not looked through for the tokens that stand around a hole; it is continued."""
GRAMMAR_CHARACTERS = 262_144
"""A grammar's text: of a schema, of Lark rules, or of all tools together. Else InvalidRequest."""
REGEX_CHARACTERS = 16_384
"""A regular expression's text. Else InvalidRequest."""
GRAMMAR_NESTING = 64
"""How deep a schema's values, or a grammar's brackets, are nested. Else InvalidRequest."""
GRAMMAR_RULES = 1_000
"""The rules of a Lark grammar. Else InvalidRequest."""
SCHEMA_VALUES = 10_000
"""The values in a JSON schema, keys not counted. Else InvalidRequest."""
SCHEMA_REFERENCES = 500
"""The ``$ref`` in a JSON schema, and so the longest chain of them. Else InvalidRequest."""
TOOLS = 128
"""The tools that a request may offer. Else InvalidRequest."""

TRIAL_CPU_SECONDS = 2
"""Processor time for compiling a grammar in the process that tries it. Else InvalidRequest."""
TRIAL_SECONDS = 30.0
"""Wall-clock time for the same, on a machine that is busy. Else InvalidRequest."""
TRIAL_MEMORY_BYTES = 1 << 30
"""Address space of the process that tries a grammar. Else InvalidRequest."""
TRIAL_STACK_BYTES = 1 << 20
"""Its stack, an eighth of an ordinary one: what compiles there does not overflow a worker's."""
TRIALS_AT_ONCE = 2
"""Trials that run side by side for one model; further ones wait."""
TRIALS_REMEMBERED = 1_024
"""Results of trials that are kept, each below 1 KB; the oldest is forgotten."""

UPSTREAM_TABLES, MODEL_UPSTREAMS = 64, 64
"""``[upstreams.NAME]`` tables, and those of one model. More is ignored, and the user is told."""
SECRET_CHARACTERS = 4_096
"""An upstream's key. Else SettingsError."""
UPSTREAM_CONNECT_SECONDS = 2.0
"""Time to connect to a remote engine (``UpstreamUnavailable``)."""
UPSTREAM_ANSWER_SECONDS = 150.0
"""Time for the whole of its answer, however steadily it comes (``UpstreamUnavailable``)."""
UPSTREAM_ANSWER_BYTES, UPSTREAM_EVENT_BYTES = 4 << 20, 256 << 10
"""A streamed answer, and one event of it (``UpstreamUnavailable``)."""
UPSTREAM_TEXT_CHARACTERS = 1 << 18
"""The text in such an answer (``UpstreamUnavailable``)."""
UPSTREAM_CONTEXT_CHARACTERS = 24_000
"""How much text before a cursor is sent to another machine with each key; a quarter of it after the cursor.
The rest is left out; no error."""
UPSTREAM_DOCUMENT_BYTES, UPSTREAM_MODELS = 1 << 20, 1_000
"""Its list of models, and its errors (``UpstreamUnavailable``)."""
UPSTREAM_MESSAGE_CHARACTERS = 300
"""As much is repeated of what a remote engine says of an error."""
UPSTREAM_DRAIN_SECONDS, UPSTREAM_DRAINED = 0.5, 4
"""How long, and how many, answers are read on that nobody waits for; then their connections end."""

NEAR_CHARACTERS_ABOVE, NEAR_CHARACTERS_BELOW = 3_000, 800
"""How much text on each side of a cursor is parsed at least; no error, more is left out."""
FAR_CHARACTERS = 16_000
"""In how much text on each side a place is looked for where parsing may begin or end; no error."""
SYNTAX_KEPT, SYNTAX_TYPED = 16, 1_000
"""Of so many documents it is remembered what was parsed around the cursor, for so much text that is typed
there; else it is parsed again."""
PIECE_CHARACTERS = 4_096
"""A piece of text (mostly a line) whose tokens are remembered; longer ones are tokenised each time."""
PIECE_CACHE_BYTES = 4 << 20
"""The remembered pieces and their tokens; what was not used for longest goes first."""
MESSAGES = 10_000
"""The messages of a conversation. Else InvalidRequest."""
TEMPLATE_CHARACTERS = 131_072
"""A model's chat template. Else ModelFileError, when it is first used."""
TEMPLATE_SECONDS = 5.0
"""How long a chat template may take for a conversation. Else InvalidRequest."""
TEMPLATE_NUMBER = 100_000
"""The largest width, count or exponent that a chat template may ask for. Else InvalidRequest."""

MODEL_METADATA_BYTES = 128 << 20
"""All of a model file ahead of its weights. Else ModelFileError, as for the six that follow."""
MODEL_PAIRS = 4_096
"""The metadata pairs of a model file."""
MODEL_TENSORS = 65_536
"""The tensors of a model file."""
MODEL_ARRAY_ITEMS = 2_000_000
"""The items of all arrays in a model file together; a vocabulary of 256,000 tokens has about 1,000,000."""
MODEL_TEXT_BYTES = 1 << 20
"""One text in a model file, such as a chat template."""
TOKEN_CHARACTERS = 1_024
"""The text of one token."""
SAMPLED_BYTES = 4_096
"""How much of each matrix is looked at for weights that are no numbers."""

HUB_NAME_CHARACTERS = 300
"""``owner/repository/file.gguf``; what is longer is no name of the hub."""
HUB_CONNECTIONS = 100
"""A download that broke is taken up again at once, up to so often. Else ModelDownloadError."""
DISK_RESERVE_BYTES = 64 << 20
"""So much of a disk a download leaves free. Else ModelDownloadError, before it begins."""
MODELS_LISTED = 1_000
"""As many downloaded models are listed; no error."""

# Turns

SUGGESTION_TOKENS = 256
"""A suggestion that may be longer takes its turn among the answers that take a while."""
AHEAD_WAITING = 8
"""How much work ahead of time may wait; the oldest ends with ``Superseded``."""
USERS_REMEMBERED = 1000
"""Of how many people it is known when they had their last turn."""
DOCUMENTS_GUESSED = 1_024
"""Of how many documents without a name it is remembered which language they are in."""
AFFINITIES_KEPT = 4_096
"""Of how many documents and beginnings it is known which worker has read them."""

# Workers

PING_SECONDS = 1.0
"""How often a worker that has something to do is asked whether it gets on."""
HUNG_PINGS = 10
"""A worker that is silent for the time of so many pings, or gets on between none, is replaced:
``WorkerCrashed``."""
START_PINGS = 60
"""The same for a worker that has just been started and did not say anything yet."""
STEP_PINGS = 120
"""The same for a worker that computes all the time, but comes to no end of one batch or token."""
OPEN_PINGS = 600
"""The same for the opening of a model."""
CHECK_SECONDS = 2.0
"""How long a worker may take to say that it lives, and that its model is open, when somebody asks for its
health: ``WorkerCrashed`` or ``ModelLoading``."""
LATE_SECONDS = 0.5
"""How long after its deadline a worker's answer is waited for: then ``DeadlineExceeded``."""
STOP_SECONDS = 2.0
"""How long a worker may take to end by itself, before it is killed."""
ANSWER_PATIENCE_SECONDS = 2.0
"""Suggestions may take the place of an answer that takes a while, until it got no token for so long."""
RIDE_SECONDS = 0.1
"""An answer that takes a while shares the native calls of suggestions when it got no token for so long."""
PIECE_SECONDS, PIECE_SECONDS_ALONE = 0.008, 0.03
"""How long a native call may read prompts, at the measured speed: each one beside answers that wait for their
next token, and all together."""
LONG_CALL_SECONDS = 0.05
"""Work ahead of time is stopped within a native call that takes longer, when a request comes."""
PLANNING_SECONDS = 0.005
"""How often a worker that has nothing else to do asks whether a prompt that waits for a process is made."""
WAITING_PROMPT_SECONDS = 0.3
"""For a prompt that somebody waits for so long, half of the time is kept that a call has for prompts."""
DOCUMENTS_WAITING = 1000
"""Of how many documents it is known since when somebody waits for them."""
IN_USE_SECONDS = 10.0
"""For so long after a request, work ahead of time for others does not take its document's place."""

# Failures

RETRY_SECONDS = 1.0
"""After a model could not be opened, this passes until it is tried again; twice as much each time."""
RETRY_SECONDS_MOST = 60.0
REFUSED_SECONDS = 60.0
"""A request that crashed its worker is refused for so long: ``WorkerCrashed``."""
REFUSED_REQUESTS = 1000
"""How many of them are remembered."""
CRASHES_IN_A_ROW = 10
"""So many crashes by different requests, without an answer in between, are the model's fault."""
LIVES = 3
"""A request whose worker crashed by the fault of others goes on in the next worker, up to so often."""

CONTEXT_CHARACTERS = 100_000
"""How much text before a cursor goes to a model's process, for its window and for proposals, unless
``window_tokens`` asks for more; a quarter of it after the cursor. The rest is left out; no error."""
COLD_SECONDS = 0.4
"""A suggestion's prompt is as long as it can be read in this time by a model that knows nothing of it, unless
``window_tokens`` asks for more."""

# Several models

MODEL_TABLES, MODEL_NAME_CHARACTERS = 32, 64
"""``[models.NAME]`` tables, and the length of a name. More is ignored, and the user is told."""
MODEL_RULES, RULE_LANGUAGES, RULE_PATHS, RULE_CHARACTERS = 100, 64, 32, 500
"""``[[rules]]``; the languages and the path patterns of one, and the length of each of its texts. A rule with
more is ignored, and the user is told."""
UNLOAD_LOOK_SECONDS, UNLOAD_LOOKS = 0.02, 50
"""How long, and how often, it is waited for the memory of a model that was closed; then the next one is."""

# Scores that are kept

KEPT_ANSWERS = 4
"""Of so many suggestions; the oldest is forgotten, no error."""
KEPT_SCORES_BYTES = 8_000_000
"""So much in all, a row for each token: what is beyond is evaluated again, no error."""

# Drafts

DRAFT_TOKENS = 8
"""So many tokens are guessed at a time."""
DRAFT_PROMPT_TOKENS = 16_384
"""In so much of a prompt guesses are looked for, the end; no error."""

# Memory

MATCHED_BYTES, FOLLOWING_BYTES = 64, 64
"""What is looked at of the text ahead of a place where the last characters stood before, and behind it."""
OTHER_TEXT_BYTES = 65_536
"""In so much of the texts of other open files it is looked for what may follow, the nearest; no error."""
OCCURRENCES, PROJECT_OCCURRENCES = 24, 12
"""So many places are looked at in the file, in the other open files, and in the project."""
FIRST_TOKENS_KEPT = 4_096
"""Of so many texts it is known with which token they begin."""
CANDIDATES = 16
"""As many texts that may follow are told apart."""
IMPORT_LINES = 400
"""In so many lines of a file's beginning it is looked for what it imports."""

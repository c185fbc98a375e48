"""Bounds of what is asked of a Ray cluster, each with what happens beyond it."""

from __future__ import annotations

from ..limits import FRAME_BYTES

SLOTS = 256
"""Requests that one front has under way in the cluster; more wait in the front. Ray spreads them."""
ENVELOPE_BYTES = 4_096
MESSAGE_BYTES = FRAME_BYTES - ENVELOPE_BYTES
"""A request, or a piece of its answer, without what tells where it goes (``InvalidRequest``)."""
TRIES = 2
"""How often a request is given to a replica before its first piece; then ``UpstreamUnavailable``."""
SIGN_SECONDS = 0.5
"""How often a replica that has nothing to say yet says that it works."""
BUNDLE_STEP_SECONDS, BUNDLE_SECONDS = 0.0003, 0.02
"""A replica gathers pieces for so long after its first message, for so much longer after each further one,
and never longer than this. So a suggestion is not delayed, and a long answer takes few messages."""
QUIET_SECONDS = 2.0
"""How long a replica may give no sign at all before the request goes to another one."""
PLACES = 8
"""Other places for a request whose replica is silent; the first one that answers gets it."""
JOIN_SECONDS = 30.0
"""How long joining a cluster may take (``UpstreamUnavailable``)."""
REFUSED_SECONDS = 3.0
"""For so long it is not tried again to join a cluster that could not be joined."""
GCS_SECONDS = 15
"""The process that has joined a cluster ends so long after it lost the cluster's head; then it joins anew."""
RAY_START_SECONDS, RAY_STOP_SECONDS = 90.0, 3.0
"""How long Ray may take to start on this machine (``SettingsError``), and to end before it is killed."""
DEPLOY_SECONDS = 300.0
"""How long ``fimble cluster deploy`` waits for the first replicas (``SettingsError``)."""
UNLOAD_SECONDS = 30.0
"""How long a model's answers under way may take when it has to make way for another one."""
REASON_CHARACTERS = 300
"""As much is repeated of what Ray says of an error."""

"""What the deployment is called in a cluster."""

from __future__ import annotations

APPLICATION, DEPLOYMENT = "fimble", "engine"
NAMESPACE = "fimble"
MISSING = "Ray is not installed here. Install fimble[ray]."

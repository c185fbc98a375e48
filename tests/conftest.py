"""For all tests: examples may take as long as a busy computer needs."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("fimble", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fimble")

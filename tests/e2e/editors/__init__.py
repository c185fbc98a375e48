"""Real editors against the real server. What they need is installed by ``make tools``."""

"""The gate's coefficients, fitted to what the engine said at many places: ``python -m bench.accept.fit``."""

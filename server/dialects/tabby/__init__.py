"""Tabby's API, as its agent and with it its editor plugins speak it."""

"""A file with a hole that everybody fills in alike."""

from __future__ import annotations

PREFIX = """\
def area(width, height):
    return width * height


def volume(width, height, depth):
    return width * """

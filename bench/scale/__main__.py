"""``python -m bench.scale``."""

import sys

from .report import main

main(sys.argv[1:])

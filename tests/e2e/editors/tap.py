"""``python tap.py LOG COMMAND…``: runs a language server, and notes every message of both sides in a file.

One JSON object a line: ``{"from": "editor" | "server", "message": …}``. Nothing is changed on the way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO


def read_message(stream: IO[bytes]) -> tuple[bytes, bytes]:
    """Header and body of the next message as they came; empty at the end."""
    header, length = b"", 0
    while line := stream.readline():
        header += line
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        if not line.strip():
            break
    return header, stream.read(length)


class Tap:
    def __init__(self, log: Path) -> None:
        self._log = log.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def relay(self, name: str, source: IO[bytes], target: IO[bytes]) -> None:
        """Until the source ends; then the target is closed."""
        try:
            while True:
                header, body = read_message(source)
                if not body:
                    break
                self._note(name, body)
                target.write(header + body)
                target.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            target.close()

    def _note(self, name: str, body: bytes) -> None:
        with self._lock:
            self._log.write(json.dumps({"from": name, "message": json.loads(body)}) + "\n")
            self._log.flush()


def main() -> None:
    log, command = Path(sys.argv[1]), sys.argv[2:]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    tap = Tap(log)
    from_editor = (sys.stdin.buffer, server.stdin)
    threading.Thread(target=tap.relay, args=("editor", *from_editor), daemon=True).start()
    tap.relay("server", server.stdout, sys.stdout.buffer)
    code = server.wait()
    os._exit(code if code >= 0 else 128 - code)  # the other thread may be inside standard input


if __name__ == "__main__":
    main()

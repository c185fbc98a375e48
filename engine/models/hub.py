"""The Hugging Face hub: what it says of a file, and the file.

``huggingface_hub`` is imported when it is used: it takes half a second, and editors never need it. Its own
``hf_hub_download`` begins at the first byte again with each command, so this uses what that is made of:
addresses, the question for a file's size and hash, the session, and errors. ``HF_ENDPOINT``, ``HF_TOKEN`` and
proxies count as they do there.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import ModelDownloadError
from ..limits import HUB_CONNECTIONS
from .store import Source

_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_PIECE_BYTES = 1 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
Report = Callable[[int], None]
"""Is told how many bytes there are now."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file as the hub describes it. ``tag`` changes with its contents; ``sha256`` is None where the hub
    keeps none."""

    source: Source
    size: int
    tag: str
    sha256: str | None
    url: str


def ask(source: Source) -> Remote:
    """Size and hash of a file; :class:`ModelDownloadError` says why they cannot be had."""
    with _told(source):
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        endpoint = os.environ.get("HF_ENDPOINT")
        address = hf_hub_url(source.repository, source.file, revision=source.revision, endpoint=endpoint)
        found = get_hf_file_metadata(address, endpoint=endpoint)
        if not found.size or not found.etag:
            raise ModelDownloadError(f"The hub does not say how large {source} is. Download it yourself.")
        commit = found.commit_hash if _COMMIT.fullmatch(found.commit_hash or "") else source.revision
        return Remote(
            source=source,
            size=found.size,
            tag=re.sub(r"\W", "", found.etag)[:16],
            sha256=found.etag if _SHA256.fullmatch(found.etag) else None,
            url=hf_hub_url(source.repository, source.file, revision=commit, endpoint=endpoint),
        )


def fetch(remote: Remote, part: Path, report: Report) -> None:
    """Append to ``part`` what it lacks of a file. A connection that breaks is taken up again as long as each
    brings something; what was read stays in any case."""
    with _told(remote.source), part.open("ab") as file:
        for _ in range(HUB_CONNECTIONS):
            there = file.tell()
            if there == remote.size:
                return
            try:
                _read_on(remote, file, report)
            except (ModelDownloadError, OSError):  # a refusal of the hub is an OSError too
                raise
            except Exception:
                if file.tell() <= there:
                    raise
            if file.tell() <= there:
                break
        raise ModelDownloadError(f"The hub sends only a part of {remote.source}. Try again later.")


def _read_on(remote: Remote, file: BinaryIO, report: Report) -> None:
    """One connection: from where ``file`` ends to the end, or to where it breaks."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

    there = file.tell()
    headers = {**build_hf_headers(library_name="fimble"), "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
    with get_session().stream("GET", remote.url, headers=headers, timeout=timeout) as response:
        hf_raise_for_status(response)
        if there and response.status_code != 206:  # it sends the whole file again
            file.truncate(0)
            there = file.seek(0)
        for piece in response.iter_bytes(_PIECE_BYTES):
            there += len(piece)
            if there > remote.size:
                raise ModelDownloadError(
                    f"The hub sends more of {remote.source} than it has. Try again later."
                )
            file.write(piece)
            report(there)


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """Turn what can go wrong into one sentence that says what to do."""
    try:
        yield
    except (ModelDownloadError, PermissionError):
        raise
    except Exception as error:  # the library passes on what its own libraries raise
        raise ModelDownloadError(_sentence(source, error)) from error


def _sentence(source: Source, error: Exception) -> str:
    from huggingface_hub import constants, errors

    hub = os.environ.get("HF_ENDPOINT") or constants.ENDPOINT
    page = f"{hub}/{source.repository}"
    if isinstance(error, errors.GatedRepoError):
        return f"{source} is given to those who accept its terms: do that at {page}, then set HF_TOKEN."
    if isinstance(error, errors.RepositoryNotFoundError):
        return f"The hub has no repository {source.repository} for you. Check the name, or set HF_TOKEN."
    if isinstance(error, errors.RevisionNotFoundError | errors.RemoteEntryNotFoundError):
        return f"The repository {source.repository} has no {source.file}. Its files are at {page}/tree/main."
    if isinstance(error, errors.OfflineModeIsEnabled):
        return (
            f"{source} cannot be downloaded while HF_HUB_OFFLINE is set. Unset it, or copy the file yourself."
        )
    if isinstance(error, errors.HFValidationError):
        return f"{source} is no name of the hub. It should be owner/repository/file.gguf."
    if isinstance(error, errors.HfHubHTTPError):
        return _refused(source, page, error)
    if isinstance(error, OSError) and error.errno in _FULL:
        return (
            f"The disk is full: there is no room for the rest of {source.file}. Free some and run it again."
        )
    return (
        f"The connection to {hub} failed or broke off ({type(error).__name__}). Check the network and run "
        "the command again: it goes on where it stopped."
    )


def _refused(source: Source, page: str, error: Any) -> str:
    status = getattr(error.response, "status_code", 0)
    if status in (401, 403):
        return f"The hub does not give you {source}. Accept its terms at {page}, and set HF_TOKEN."
    if status == 404:
        return f"The hub has no {source}. Its files are at {page}/tree/main."
    return f"The hub answered {status} for {source}. Try again later: the download goes on where it stopped."

"""Downloads against a hub on this machine: whole and checked, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fimble.engine.errors import ModelDownloadError, ModelNotFound
from fimble.engine.models import download, store
from fimble.engine.models.catalogue import bundled_path, resolve_model
from fimble.engine.models.download import pull
from fimble.engine.models.store import Source

from ..fake_hub import FakeHub, Trouble, running_hub
from ..gguf_files import gguf

NAME = "someone/model-GGUF/model.gguf"
SOURCE = Source("someone/model-GGUF", "model.gguf")
GOOD = bundled_path().read_bytes()


@dataclass
class Seen:
    """What a watcher was told."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    last: int = 0
    waited: threading.Event = field(default_factory=threading.Event)

    def found(self, size: int, there: int) -> None:
        self.sizes.append((size, there))

    def at(self, count: int) -> None:
        self.last = count

    def checking(self) -> None: ...

    def waiting(self) -> None:
        self.waited.set()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as running:
        running.files[NAME] = GOOD
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("FIMBLE_MODELS", str(tmp_path / "models"))
        yield running


def files() -> list[str]:
    """Everything in the folder of models but its locks, by name."""
    found = [path for path in store.models_folder().rglob("*") if path.is_file()]
    return sorted(path.name for path in found if path.parent.name != ".locks")


def refused(source: Source = SOURCE) -> str:
    with pytest.raises(ModelDownloadError) as caught:
        pull(source, Seen())
    assert store.pulled() == []
    return caught.value.message


def test_a_model_is_there_afterwards_and_asked_for_once(hub: FakeHub) -> None:
    seen = Seen()
    path = pull(SOURCE, seen)
    assert path.read_bytes() == GOOD
    assert resolve_model(NAME) == ("model", path)
    assert (seen.sizes, seen.last) == ([(len(GOOD), 0)], len(GOOD))
    assert files() == ["model.gguf"]
    assert pull(SOURCE, seen) == path
    assert len(hub.asked) == 1


def test_the_key_stays_with_the_hub(hub: FakeHub) -> None:
    pull(SOURCE, Seen())
    assert [key for _, key in hub.asked] == [""]


def test_a_broken_connection_is_taken_up_again(hub: FakeHub) -> None:
    hub.trouble.breaks = [1 << 20]
    assert pull(SOURCE, Seen()).read_bytes() == GOOD
    assert len(hub.asked) == 2
    assert hub.asked[1][0].startswith("bytes=")


def test_a_hub_that_gives_no_ranges_sends_all_of_it_again(hub: FakeHub) -> None:
    hub.trouble.breaks, hub.trouble.whole = [3 << 20], True
    assert pull(SOURCE, Seen()).read_bytes() == GOOD


def test_a_connection_that_brings_nothing_ends_the_download(hub: FakeHub) -> None:
    hub.trouble.breaks = [0] * 9
    assert "Check the network" in refused()
    assert len(hub.asked) == 1


def test_the_next_command_goes_on_where_the_last_one_stopped(hub: FakeHub) -> None:
    class Stops(Seen):
        def at(self, count: int) -> None:
            if count >= 2 << 20:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(SOURCE, Stops())
    assert store.pulled() == []
    with pytest.raises(ModelNotFound, match=f"fimble models pull {NAME}"):
        resolve_model(NAME)
    seen = Seen()
    assert pull(SOURCE, seen).read_bytes() == GOOD
    [(_, there)] = seen.sizes
    assert there >= 2 << 20
    assert hub.asked[-1][0] == f"bytes={there}-"
    assert files() == ["model.gguf"]


SMALL = gguf({"general.architecture": "llama"}, [("w", (1 << 20,), 0, 0)], data=4 << 20)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    breaks=st.lists(st.integers(0, 5 << 20), max_size=5),
    statuses=st.lists(st.sampled_from([500, 503]), max_size=2),
    whole=st.booleans(),
)
def test_whatever_breaks_the_same_bytes_arrive_in_the_end(
    hub: FakeHub, breaks: list[int], statuses: list[int], whole: bool
) -> None:
    hub.files[NAME] = SMALL
    path = store.place(SOURCE)
    path.unlink(missing_ok=True)
    hub.trouble = Trouble(breaks=breaks, cdn_statuses=statuses, whole=whole)
    for _ in range(len(breaks) + len(statuses) + 1):
        with suppress(ModelDownloadError):
            pull(SOURCE, Seen())
        assert not path.exists() or path.read_bytes() == SMALL
    assert files() == ["model.gguf"]


def test_a_part_of_another_version_is_thrown_away(hub: FakeHub) -> None:
    part = store.place(SOURCE).with_name(".model.gguf.0123456789abcdef.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(b"old")
    pull(SOURCE, Seen())
    assert files() == ["model.gguf"]


def test_wrong_bytes_are_noticed_and_not_kept(hub: FakeHub) -> None:
    hub.trouble.sends = GOOD[:-1] + bytes([GOOD[-1] ^ 1])
    assert "SHA-256" in refused()
    assert files() == []


def test_a_short_file_is_no_model(hub: FakeHub) -> None:
    hub.trouble.sends = GOOD[: len(GOOD) // 2]
    refused()


def test_a_long_file_is_not_read_to_its_end(hub: FakeHub) -> None:
    hub.trouble.sends = GOOD + bytes(1 << 20)
    assert "more" in refused()


def test_what_is_no_model_is_refused_though_it_came_whole(hub: FakeHub) -> None:
    hub.files[NAME] = b"<html>" * 100
    message = refused()
    assert "no GGUF model" in message
    assert ".part" not in message
    assert files() == []


def test_a_file_that_is_not_the_catalogues_is_not_downloaded(hub: FakeHub) -> None:
    source = Source(SOURCE.repository, SOURCE.file, sha256="0" * 64)
    assert "another file" in refused(source)
    assert hub.asked == []


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "GatedRepo", "terms"),
        (401, "RepoNotFound", "no repository"),
        (401, "", "HF_TOKEN"),
        (403, "", "HF_TOKEN"),
        (404, "EntryNotFound", "has no model.gguf"),
        (404, "RevisionNotFound", "has no model.gguf"),
        (404, "", "has no"),
        (429, "", "429"),
    ],
)
def test_a_refusal_is_one_sentence(hub: FakeHub, status: int, code: str, says: str) -> None:
    hub.trouble.status, hub.trouble.code = status, code
    message = refused()
    assert says in message
    assert "\n" not in message
    assert "hf_secret" not in message


def test_no_network_is_one_sentence(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the discard port, which nobody serves
    assert "Check the network" in refused()


def test_too_little_room_is_told_before_anything_is_read(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "DISK_RESERVE_BYTES", 1 << 60)
    assert "free" in refused()
    assert hub.asked == []


LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from fimble.cli.main import main
sys.argv = ["fimble", "models", "pull", sys.argv[2]]
main()
"""


def test_a_disk_that_becomes_full_costs_nothing_that_was_read(hub: FakeHub) -> None:
    command = [sys.executable, "-c", LIMITED, str(2 << 20), NAME]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("fimble: The disk is full")
    assert store.pulled() == []
    seen = Seen()
    assert pull(SOURCE, seen).read_bytes() == GOOD
    assert seen.sizes == [(len(GOOD), 2 << 20)]


def test_two_at_once_download_once(hub: FakeHub) -> None:
    hub.gate = threading.Event()
    seen = Seen()  # told by the one that waits
    threads = [threading.Thread(target=pull, args=(SOURCE, seen)) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert seen.waited.wait(30)
    hub.gate.set()
    for thread in threads:
        thread.join()
    assert len(hub.asked) == 1
    assert store.place(SOURCE).read_bytes() == GOOD


def test_what_is_downloaded_now_cannot_be_removed(hub: FakeHub) -> None:
    path = pull(SOURCE, Seen())
    with store.locked(path), pytest.raises(store.Busy):
        store.remove(path)
    store.remove(path)
    assert files() == []
    assert not path.parent.exists()
    with pytest.raises(ModelNotFound):
        store.remove(path)


def test_a_model_in_parts_is_refused(hub: FakeHub) -> None:
    assert "single file" in refused(Source(SOURCE.repository, "model-00001-of-00002.gguf"))


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/x.gguf",
        "a/../b.gguf",
        "a/b/../../c.gguf",
        "/a/b/c.gguf",
        "~/b/c.gguf",
        ".a/b/c.gguf",
        "a/b.gguf",
    ],
)
def test_names_that_lead_out_of_the_folder_are_none_of_the_hub(name: str) -> None:
    assert store.hub_source(name) is None

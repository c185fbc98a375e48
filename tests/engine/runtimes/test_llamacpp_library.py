"""llama.cpp is used where the installed wheel is the known one; anything else is one sentence."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fimble.engine.errors import ModelFileError
from fimble.engine.models.catalogue import bundled_path
from fimble.engine.runtimes.llamacpp import declarations, library
from fimble.engine.runtimes.llamacpp.library import check_layout, open_library
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model

BUNDLED = WorkerOptions(str(bundled_path()), threads=1, context_length=256, sequences=2, runtime="auto")


class Answers:
    """The library's functions, one of which answers something else in one field."""

    def __init__(self, lib: Any, function: str, field: str, value: Any) -> None:
        self._lib, self._wrong = lib, (function, field, value)

    def __getattr__(self, name: str) -> Any:
        function, field, value = self._wrong
        if name != function:
            return getattr(self._lib, name)

        def wrong() -> Any:
            params = getattr(self._lib, name)()
            setattr(params, field, value)
            return params

        return wrong


@pytest.mark.parametrize(
    ("function", "field", "value"),
    [
        ("llama_model_default_params", "n_gpu_layers", 999),
        ("llama_model_default_params", "use_extra_bufts", False),
        ("llama_context_default_params", "n_batch", 512),
        ("llama_context_default_params", "yarn_beta_slow", 1.0),
        ("llama_context_default_params", "kv_unified", True),
    ],
)
def test_another_layout_is_refused(function: str, field: str, value: Any) -> None:
    known = open_library()
    check_layout(known.ffi, known.lib)
    with pytest.raises(ModelFileError, match=rf"another layout .*\({field} is .*\)\. Install"):
        check_layout(known.ffi, Answers(known.lib, function, field, value))


def test_a_pointer_where_none_should_be_is_another_layout() -> None:
    known = open_library()
    answers = Answers(known.lib, "llama_context_default_params", "samplers", known.ffi.cast("void *", 8))
    with pytest.raises(ModelFileError, match="samplers is"):
        check_layout(known.ffi, answers)


def test_every_field_has_a_known_value() -> None:
    ffi = open_library().ffi
    for name, known in (
        ("model_params", declarations.MODEL_DEFAULTS),
        ("context_params", declarations.CONTEXT_DEFAULTS),
    ):
        fields = {name: field.type.kind for name, field in ffi.typeof(name).fields}
        assert {name for name, kind in fields.items() if kind == "primitive"} == set(known)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (None, "xllamacpp, which has llama.cpp, is not installed"),
        ("other", "has build 12000 of llama.cpp, and fimble knows"),
        ("empty", "lacks its extension module"),
        ("broken", "cannot be opened"),
    ],
)
def test_without_the_known_wheel_the_other_runtime_serves(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spec: str | None, reason: str
) -> None:
    (tmp_path / "xllamacpp").mkdir()
    build = 12000 if spec == "other" else declarations.LAST_BUILD
    (tmp_path / f"xllamacpp-2026.10.{build}.dist-info").mkdir()
    if spec == "broken":
        (tmp_path / "xllamacpp" / "xllamacpp.abi3.so").write_bytes(b"\x7fELF no library")
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path / "xllamacpp")]) if spec else None
    monkeypatch.setattr(library, "find_spec", lambda name: found)
    monkeypatch.setattr(library, "open_library", library.open_library.__wrapped__)
    opened = open_model(BUNDLED)
    opened.model.close()
    assert opened.info.backend == "ctransformers"
    assert "not by llama.cpp: " in opened.info.detail
    assert reason in opened.info.detail
    with pytest.raises(ModelFileError, match=reason):
        open_model(replace(BUNDLED, runtime="llamacpp"))


def test_without_what_calls_c_the_other_runtime_serves() -> None:
    """In a process of its own, which has not imported it yet."""
    program = (
        "import sys; sys.modules['cffi'] = None\n"
        "from fimble.engine.workers.messages import WorkerOptions\n"
        "from fimble.engine.workers.opened import open_model\n"
        f"opened = open_model(WorkerOptions({BUNDLED.model!r}, threads=1, context_length=256))\n"
        "print(opened.info.backend, opened.info.detail)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ctransformers ")
    assert "The package cffi, which calls llama.cpp, cannot be used" in done.stdout


def test_the_runtime_is_chosen_by_name() -> None:
    for runtime, backend in (("auto", "llamacpp"), ("llamacpp", "llamacpp"), ("ctransformers",) * 2):
        opened = open_model(replace(BUNDLED, runtime=runtime))
        opened.model.close()
        assert opened.info.backend == backend
        assert "llama.cpp" not in opened.info.detail


def test_nothing_native_is_printed(tmp_path: Path) -> None:
    """Neither of a model that is used nor of one that cannot be loaded."""
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(bundled_path().read_bytes().replace(b"blk.0.attn_q.weight", b"blk.0.attn_x.weight"))
    program = f"""
from fimble.engine.errors import ModelFileError
from fimble.engine.runtimes.base import Span
from fimble.engine.workers.messages import WorkerOptions
from fimble.engine.workers.opened import open_model
model = open_model(WorkerOptions({str(bundled_path())!r}, runtime="llamacpp", context_length=256)).model
model.decode([Span(0, model.tokenize("def f"), 0)])
try:
    model.decode([Span(0, [1 << 20], 0)])
except Exception as error:
    assert "could not evaluate" in str(error)
try:
    open_model(WorkerOptions({str(broken)!r}, runtime="llamacpp", context_length=256))
except ModelFileError as error:
    assert "blk.0.attn_q.weight" in error.message, error.message
model.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

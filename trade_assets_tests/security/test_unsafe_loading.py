"""Nothing here loads what can run: no such call in the source, and an evil artifact is refused before it is parsed."""

import ast
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from lightgbm.basic import LightGBMError

from trade_assets.domain.models import MODELS
from trade_assets.resources.artifacts import ArtifactStore, CorruptArtifactError
from trade_assets.resources.files import Files

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.joinpath("trade_assets").rglob("*.py"), *ROOT.joinpath("benchmarks").rglob("*.py"), *ROOT.joinpath("data").rglob("*.py")]  # fmt: skip
MODULES = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "skops"}
CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load", "joblib.load", "yaml.load",
    "yaml.unsafe_load", "yaml.full_load", "pd.read_pickle", "pandas.read_pickle", "mlflow.pyfunc.load_model",
}  # fmt: skip
NOT_A_MODEL = (ValueError, TypeError, KeyError, AttributeError, IndexError, ImportError, LightGBMError)
FLAGS = {"shell": True, "allow_pickle": True}
EVIL = [
    "import pickle", "from joblib import load", "import os.path, marshal as m", "eval('1')", "exec(text)", "yaml.load(f)",
    "torch.load(path)", "pd.read_pickle(path)", "os.system('ls')", "subprocess.run('ls', shell=True)",
    "np.load(path, allow_pickle=True)", "__import__('os')", "mlflow.pyfunc.load_model(uri)",
]  # fmt: skip


def unsafe(source):
    """What a source imports or calls that can run what it reads, line by line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [(node.lineno, name) for name in names if name.split(".")[0] in MODULES]
        if isinstance(node, ast.Call):
            found += [(node.lineno, ast.unparse(node.func))] if ast.unparse(node.func) in CALLS else []
            flags = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
            found += [(node.lineno, f"{name}=True") for name in FLAGS if flags.get(name) is True]
    return found


@pytest.mark.reliability("20")
def test_no_source_can_run_what_it_reads(figure):
    assert [text for text in EVIL if not unsafe(text)] == []
    told = {str(path.relative_to(ROOT)): unsafe(path.read_text()) for path in SOURCES}
    assert {name: found for name, found in told.items() if found} == {}
    figure(f"{len(SOURCES)} files: none of {len(MODULES)} modules and {len(CALLS) + len(FLAGS)} calls")


def runs(path):
    """The text of a pickle that runs a command where it is loaded."""
    return f"cposix\nsystem\n(S'touch {path}'\ntR."


@pytest.mark.reliability("20")
def test_an_evil_artifact_is_refused_before_it_is_parsed(tmp_path, figure):
    files = Files(str(tmp_path / "store"))
    store, ran = ArtifactStore(files), tmp_path / "ran"
    evil = [
        runs(ran).encode(),
        b"tree\nversion=v4\nnum_class=1000000000\n",
        b'{"coefficients": "' + b"9" * 10_000 + b'"}',
        b"\x00" * 100,
        b"",
    ]
    address = store.put(["a model"])[0]
    for content in evil:
        files.put([(f"artifacts/{address[:2]}/{address}.txt", content)])
        with pytest.raises(CorruptArtifactError, match="is damaged"):
            store.get(address)
    assert not ran.exists()
    figure(f"{len(evil)} evil artifacts refused by their hash, none ran")


@pytest.mark.reliability("20")
@pytest.mark.parametrize("name", sorted(MODELS))
def test_what_is_no_model_is_an_error_and_runs_nothing(name, tmp_path):
    ran = tmp_path / "ran"
    rows = np.zeros((2, 3))
    texts = [
        runs(ran),
        f"__import__('os').system('touch {ran}')",
        json.dumps({"__reduce__": ["os.system", [f"touch {ran}"]]}),
        "[]",
        "null",
    ]
    for text in texts:
        with pytest.raises(NOT_A_MODEL):
            MODELS[name].predict(text, rows)
    assert not ran.exists()


@pytest.mark.reliability("20")
@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-uv.lock"])
def test_every_locked_package_has_its_hashes_and_no_address(name, figure):
    text = ROOT.joinpath(name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    for line in lines:
        pinned, *hashes = line.split("--hash=sha256:")
        assert "==" in pinned, line[:80]
        assert hashes, line[:80]
        assert all(len(h.strip()) == len(hashlib.sha256().hexdigest()) for h in hashes)
    assert not any(word in text for word in ("://", "--index", "--find-links", " @ "))
    figure(f"{name}: {len(lines)} packages, all pinned and hashed")

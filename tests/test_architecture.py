"""The house plan, held against the code: who may import whom, and what torch may cost."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    *("base", "data", "store", "phantom", "evaluation", "figures", "triage", "review", "jobs"),
    *("vision", "models", "training", "inference", "synthesis", "commands"),
]
TORCH_LAYERS = LAYERS[LAYERS.index("vision") :]
SOURCES = sorted(
    path
    for folder in ("core", "app", "pages", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)
TORCH_FREE_BELOW_THE_LINE = {
    *("core.models.registry", "core.models.cards", "core.models.members"),
    *("core.training.config", "core.training.estimate", "core.synthesis.config"),
    *("core.synthesis.dose_response", "core.synthesis.dose_response_report", "core.synthesis.own_classifier"),
    *("core.inference.trust", "core.inference.own_calls"),
}


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(name: str) -> int | None:
    """Rank of a module: core's packages in their order, then app, then pages."""
    head, *rest = name.split(".")
    if head == "core" and rest and rest[0] in LAYERS:
        return LAYERS.index(rest[0])
    return {"app": len(LAYERS), "pages": len(LAYERS) + 1}.get(head)


TORCH_FREE = sorted(
    {
        module_of(path)
        for path in SOURCES
        if path.parts[len(ROOT.parts)] in ("core", "app")
        and not any(module_of(path).startswith(f"core.{name}") for name in TORCH_LAYERS)
        and module_of(path) not in ("app.main", "core.store.migrations.env")
    }
    | TORCH_FREE_BELOW_THE_LINE
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path):
    own = layer(module_of(path))

    names = imported(path)

    if own is not None:
        upward = sorted(name for name in names if (layer(name) or 0) > own)
        assert not upward
    if module_of(path).startswith("core"):
        assert not {name for name in names if name.split(".")[0] in ("streamlit", "app", "pages")}


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.parts[len(ROOT.parts)] == "pages"], ids=lambda path: path.stem
)
def test_a_page_holds_no_queries_and_no_models(path):
    heavy = {"sqlalchemy", "torch", "timm", "sklearn", "scipy", "cv2"}

    assert not {name.split(".")[0] for name in imported(path)} & heavy


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_readable(path):
    text = path.read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text)), "every file opens by saying what it is for"
    assert len(text.splitlines()) <= 300


def test_tables_do_not_cost_a_torch_import():
    """Every module that pages read through, one after the other in one fresh process."""
    code = (
        "import importlib, sys\n"
        f"for name in {TORCH_FREE!r}:\n"
        "    importlib.import_module(name)\n"
        "    heavy = {'torch', 'timm', 'torchvision', 'sklearn'} & set(sys.modules)\n"
        "    assert not heavy, f'{name} imports {heavy}'\n"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr

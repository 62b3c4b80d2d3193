"""Indexing again, after a kill, many films, and the real set."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import indexing, pixels, radiographs
from core.data.formats import nih

NIH = os.environ.get("PLEURASCOPE_TEST_NIH")
needs_nih = pytest.mark.skipif(NIH is None, reason="PLEURASCOPE_TEST_NIH names no folder of real radiographs")


def film(path: Path, seed: int, *, shape=(20, 30)) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return image


def nih_table(root: Path, findings: dict[str, str]) -> Path:
    """Write an NIH table; the patient is what stands before the underscore."""
    rows = [f"{name},{finding},0,{name.split('_')[0]},50,M,PA" for name, finding in findings.items()]
    header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position"
    root.mkdir(parents=True, exist_ok=True)
    (root / "Data_Entry_2017.csv").write_text("\n".join([header, *rows]) + "\n")
    return root / "Data_Entry_2017.csv"


FINDINGS = {"00000001_000.png": "Pneumothorax", "00000001_001.png": "No Finding", "00000002_000.png": "Mass"}


def cohort(root: Path) -> Path:
    for seed, name in enumerate(FINDINGS):
        film(root / "images" / name, seed)
    return nih_table(root, FINDINGS)


def test_indexing_again_replaces_the_tables_and_decodes_only_what_changed(workspace, tmp_path, monkeypatch):
    csv = cohort(tmp_path)
    listing = nih.read(csv)
    first = indexing.index(workspace, "set", listing, images=tmp_path / "images")
    before = radiographs.load(workspace, "set").set_index("image_id")["sha256"]
    changed = film(tmp_path / "images" / "00000001_001.png", 77)
    decoded = []
    decode = pixels.decode
    monkeypatch.setattr(pixels, "decode", lambda path: decoded.append(path.name) or decode(path))

    again = indexing.index(workspace, "set", listing, images=tmp_path / "images")

    after = radiographs.load(workspace, "set").set_index("image_id")["sha256"]
    assert decoded == ["00000001_001.png"]
    assert after["00000001_001.png"] == pixels.sha256_of_pixels(changed)
    assert after.drop("00000001_001.png").equals(before.drop("00000001_001.png"))
    assert again == first


def test_a_listing_is_not_changed_by_indexing(workspace, tmp_path):
    csv = cohort(tmp_path)
    (tmp_path / "images" / "00000002_000.png").unlink()
    listing = nih.read(csv)

    reports = [indexing.index(workspace, "set", listing, images=tmp_path / "images") for _ in range(2)]

    assert reports[0] == reports[1]
    assert listing.left_out.total == 0


KILLED = """
import sys
from pathlib import Path
from core.base.paths import Workspace
from core.data import indexing, seen
from core.data.formats import nih
seen.WRITE_EVERY_S = 0
csv = Path(sys.argv[1])
indexing.index(Workspace(), "set", nih.read(csv), images=csv.parent)
"""


def test_a_killed_index_goes_on_where_it_was(workspace, tmp_path, monkeypatch):
    names = {f"{number:08d}_000.png": "Mass" for number in range(60)}
    for seed, name in enumerate(names):
        film(tmp_path / "images" / name, seed, shape=(500, 500))
    csv = nih_table(tmp_path, names)
    memory = workspace.cache / "seen" / "set.parquet"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(csv)]) as process:
        while not memory.exists() and process.poll() is None:
            time.sleep(0.005)
        process.kill()
    assert radiographs.dataset_names(workspace) == []
    decoded = []
    decode = pixels.decode
    monkeypatch.setattr(pixels, "decode", lambda path: decoded.append(path.name) or decode(path))

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path)

    assert report.indexed == 60
    assert len(decoded) < 60


def test_a_thousand_small_films_take_seconds(workspace, tmp_path):
    names = {f"{number:08d}_000.png": "Mass" for number in range(1000)}
    for seed, name in enumerate(names):
        film(tmp_path / "images" / name, seed, shape=(64, 64))
    listing = nih.read(nih_table(tmp_path, names))

    began = time.monotonic()
    indexing.index(workspace, "set", listing, images=tmp_path)

    assert time.monotonic() - began < 15  # about one second on an idle machine


@needs_nih
@pytest.mark.parametrize(
    ("images", "films", "patients", "positive"),
    [("images_64", 1000, 264, 40), ("images_256", 50, 21, 3), (None, 112_120, 30_805, 5_302)],
)
def test_the_real_set_gives_its_published_counts(workspace, images, films, patients, positive):
    csv = Path(NIH) / "Data_Entry_2017_v2020.csv.gz"

    report = indexing.index(workspace, "nih", nih.read(csv), images=Path(NIH) / images if images else None, csv=csv)

    assert (report.indexed, report.patients, report.positive) == (films, patients, positive)
    assert report.sources == {"real": films}
    assert report.files_without_row == {}
    assert report.read_by_rule == {}
    assert set(report.left_out) <= {"no file of this name"}
    assert report.warnings == []

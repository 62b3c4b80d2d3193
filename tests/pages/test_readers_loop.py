"""What the page Readers shows of the loop, driven without a browser: reports made up by hand, and the button."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import readers_loop, resources
from core.base import files, roles
from core.base.paths import ROOT
from core.data import radiographs, split_store, truth
from core.evaluation import report_store
from core.jobs import worker
from core.models import cards
from tests.app import listed
from tests.evaluation.looped import of_reads, simulated
from tests.review.made import read, table

FILMS = 12


def opened():
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.switch_page(str(ROOT / "pages" / "readers.py")).run()
    assert not at.exception
    return at


def text(at):
    said = [*at.subheader, *at.caption, *at.info, *at.warning, *at.markdown, *at.code]
    return "\n".join([str(element.value) for element in said] + [element.proto.body for element in at.get("html")])


@pytest.fixture
def there(workspace, monkeypatch):
    """Twelve films, half of them of train, a card that can be trained again, and reads that turn some labels."""
    listed.make(workspace, films=FILMS)
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    monkeypatch.setattr(worker, "is_running", lambda _workspace: True)
    split = files.read_parquet(workspace.split("made", "patient"))
    split.loc[split.index < FILMS / 2, "part"] = "train"
    files.write_parquet(workspace.split("made", "patient"), split)
    certificate = {"kind": "patient", "table_sha256": "0a" * 32}
    files.write_json(workspace.split("made", "patient").with_suffix(".json"), certificate)
    path = workspace.checkpoint(listed.CHECKPOINT) / cards.CARD
    files.write_json(path, files.read_json(path) | {"training_s": 190.0, "split_sha256": "0a" * 32})
    put(monkeypatch, turned(workspace, 3))
    return workspace


def turned(workspace, count):
    """Return reads that call the first films of train the opposite of their label."""
    labels = truth.labels(workspace, "made")
    films = radiographs.load(workspace, "made").set_index("image_id")
    names = split_store.load(workspace, "made", "patient").query("part == 'train'")["image_id"].tolist()[:count]
    about = {"stage": 2, "checkpoint_id": listed.CHECKPOINT}
    made = table(*(read(name, "Ada", "absent" if labels[name] else "present", **about) for name in names))
    return made.assign(image_sha256=made["image_id"].map(films["sha256"]), width=64, height=80)


def put(monkeypatch, made: pd.DataFrame):
    monkeypatch.setattr(
        resources, "read_table", lambda name=None: made if name is None else made[made["worklist"] == name]
    )


def test_before_and_after_and_the_curve_stand_with_their_numbers_and_commands(there):
    for report in (of_reads(), simulated()):
        report_store.save(there, report)

    at = opened()

    said = text(at)
    assert "What the reads brought" in said
    assert "Trained again." in said
    assert "What it says." in said
    assert "No evidence that it matters" not in said
    assert "Reads help in this setting" in said
    assert "12 films of train and val were read, 3 are now present, 2 now absent, 1 newly labelled, 6 as before" in said
    assert "Left out: 2 films in no part." in said
    assert "python -m core loop cnn-made-1 --truth phantom\n" in said + "\n"
    assert (
        "python -m core loop cnn-made-1 --truth phantom --simulate --error-rate 0.05 --reads 50 200 --seeds 2 "
        "--known-share 0.2" in said
    )
    tables = [element.value for element in at.dataframe]
    assert any("After less before" in one for one in tables)
    assert any("Against random" in one for one in tables)


def test_reports_of_phantoms_and_of_real_films_have_a_figure_each(there):
    report_store.save(there, simulated())
    report_store.save(there, simulated(report_id="loop-another-simulated", dataset="real", kinds={"real": 200}))

    at = opened()

    assert "(phantoms)" in text(at)
    assert "(real films)" not in text(at)  # of the chosen data set alone


def test_a_report_on_a_split_that_was_made_anew_says_so(there):
    report_store.save(there, of_reads(split_sha256="0b" * 32))

    assert "The split was made anew since: measure again." in text(opened())


def test_without_a_report_the_page_says_what_would_be_done_and_files_it(there):
    at = opened()

    said = text(at)
    assert readers_loop.NOT_YET in said
    assert "with 3 labels changed by readers" in said
    assert "The first training took about 3 min. The classifier before stays as it is." in said
    at.button(key="readers.loop.file").click().run()

    assert not at.exception
    (job,) = resources.queue().newest()
    assert job.arguments == ["loop", listed.CHECKPOINT]
    assert job.holds_device is False


def test_reads_that_change_nothing_leave_the_reason_in_the_place_of_the_button(there, monkeypatch):
    made = turned(there, 2)
    put(monkeypatch, made.assign(stage=1))

    at = opened()

    assert "waiting for a reader: 2 cases" in text(at)
    assert "readers.loop.file" not in [button.key for button in at.button]


def test_without_the_right_to_run_the_button_is_off(there, monkeypatch):
    own = roles.may
    monkeypatch.setattr("core.review.rights.may", lambda who, what: what != roles.RUN and own(who, what))

    at = opened()

    assert at.button(key="readers.loop.file").disabled


def test_before_the_first_read_only_what_was_simulated_is_shown(there, monkeypatch):
    put(monkeypatch, table())
    assert readers_loop.HEAD not in text(opened())

    report_store.save(there, simulated())
    at = opened()

    assert "No read yet" in text(at)
    assert "What it says." in text(at)
    assert "readers.loop.file" not in [button.key for button in at.button]

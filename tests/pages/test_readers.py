"""The page Readers, driven without a browser, on reads made up by hand."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import resources
from core.base.paths import ROOT
from tests.app import listed
from tests.review.made import answers, read, table

FILMS = 12
ADA, GRACE = "ppppaaaaaacp", "pppaaaaaaacu"


def opened():
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.switch_page(str(ROOT / "pages" / "readers.py")).run()
    assert not at.exception
    assert at.title[0].value == "Readers"
    return at


def text(at):
    """Everything a person can read on the page, tables left out."""
    said = [*at.subheader, *at.caption, *at.info, *at.warning, *at.error]
    return "\n".join([str(element.value) for element in said] + [element.proto.body for element in at.get("html")])


def frames(at):
    """The tables on the page, by the first word of their first column."""
    return [element.value for element in at.dataframe]


@pytest.fixture
def reads(workspace, monkeypatch):
    """Put made-up reads where the page looks for them."""

    def put(*rows, truths=None):
        made = table(*rows)
        monkeypatch.setattr(
            resources, "read_table", lambda name=None: made if name is None else made[made["worklist"] == name]
        )
        if truths is not None:
            listed.make(workspace, films=FILMS)
            monkeypatch.setattr(resources, "truth_table", lambda _dataset: truths)

    return put


def truths(letters):
    known = [
        {"image_id": f"film {at:03d}", "truth": "phantom", "label": mark == "p"} for at, mark in enumerate(letters)
    ]
    return pd.DataFrame(known)


@pytest.mark.parametrize("practised", [False, True])
def test_before_the_first_read_the_page_says_what_to_do(reads, practised):
    reads(*(answers("Ada", "pa", purpose="practice") if practised else []))

    at = opened()

    assert at.info[0].value == "No read yet: open the worklist and press Start reading."
    assert [link.proto.label for link in at.get("page_link")][-1] == "Open the worklist"
    assert not frames(at)


def test_a_workspace_without_a_database_is_one_without_reads(workspace):
    assert opened().info[0].value.startswith("No read yet")


def test_the_page_says_how_far_two_readers_agree_on_the_cases_read(reads):
    reads(
        *answers("Ada", ADA), *answers("Grace", GRACE), *answers("Ada", ADA, stage=2), *answers("Grace", ADA, stage=2)
    )

    at = opened()

    assert "Ada and Grace agree on 10 of 11 films (kappa 0.8" in text(at)
    assert "48 reads of 12 cases, 12 patients. Names are self-declared" in text(at)
    titles = [element.value for element in at.subheader]
    assert all(title.endswith("on the cases read") for title in titles[:4])
    film = frames(at)[0]
    assert film["Readers"].tolist() == ["Ada, Grace"] * 2 + ["all, where 2 read"] * 2
    assert film["Same answer (films)"].tolist() == ["10 of 11", "12 of 12"] * 2
    assert film["Kappa by"].tolist() == ["Cohen", "Cohen", "Fleiss", "Fleiss"]
    assert film["Unreadable"].tolist() == [1, 0, 1, 0]
    assert len(at.get("plotly_chart")) == 1


def test_one_reader_alone_is_told_what_agreement_needs(reads):
    reads(*answers("Ada", ADA))

    at = opened()

    assert "Ada has read 12 films; agreement needs a second reader of the same cases." in text(at)
    assert "No case has two readers yet." in text(at)
    assert not at.get("plotly_chart")


def test_the_model_stands_beside_each_reader(reads):
    reads(*answers("Ada", "ppac"), *answers("Grace", "aaap", probability=0.1))

    at = opened()

    model = next(frame for frame in frames(at) if "Only the model" in frame)
    assert model["Reader"].tolist() == ["Ada", "Grace"]
    assert model[["Both present", "Only the reader", "Only the model", "Both absent"]].to_numpy().tolist() == [
        [2, 0, 1, 0],
        [0, 1, 0, 3],
    ]
    assert model["Cannot tell"].tolist() == [1, 0]


def test_helped_and_harmed_stand_where_phantoms_have_a_truth(reads):
    reads(*answers("Ada", "aapp"), *answers("Ada", "ppap", stage=2), truths=truths("pppp"))

    at = opened()

    assert "Ada, with the model: 2 wrong calls became right and 1 right call wrong, of 4" in text(at)
    changed = next(frame for frame in frames(at) if "Helped" in frame)
    assert changed.loc[0, ["Helped", "Harmed", "Stayed right", "Stayed wrong"]].tolist() == [2, 1, 1, 0]
    assert "Judged by the adjudicated label of the phantoms" in text(at)


def test_without_a_reference_the_page_says_so(reads):
    reads(*answers("Ada", "aapp"), *answers("Ada", "ppap", stage=2))

    at = opened()

    assert "No reference: no film that was read before and after the model" in text(at)
    assert not any("Helped" in frame for frame in frames(at))


def test_a_worklist_is_chosen_in_the_sidebar(reads):
    reads(*answers("Ada", "pa"), *answers("Grace", "pa"), *answers("Alan", "ppp", worklist="second"))

    at = opened()
    assert at.selectbox(key="readers.worklist.made").options == ["All worklists", "second", "first"]
    at.selectbox(key="readers.worklist.made").set_value("second").run()

    assert not at.exception
    assert "Alan has read 3 films" in text(at)
    assert "Ada" not in text(at)


def test_phantoms_and_films_of_another_data_set_never_share_a_table(reads):
    reads(*answers("Ada", "pa"), *answers("Grace", "ppp", dataset="real", worklist="real list", source="real"))

    at = opened()
    assert "Ada has read 2 films" in text(at)
    at.selectbox(key="readers.dataset").set_value("real").run()

    assert not at.exception
    assert "Grace has read 3 films" in text(at)


def test_workload_and_the_random_checks_are_said(reads):
    reads(
        *answers("Ada", "ppa", seconds=30.0),
        *answers("Ada", "ppp", seconds=10.0, stage=2),
        read("checked", "Ada", "absent", random_check=True, stage=2, seconds=10.0),
    )

    at = opened()

    work = next(frame for frame in frames(at) if "Days" in frame)
    assert work.loc[0, ["Reader", "Reads", "Cases"]].tolist() == ["Ada (self-declared)", 7, 4]
    assert work.loc[0, "Seconds, with the model"] == "10 (10)"
    assert work.loc[0, "Changed"] == "1 of 3 cases"
    assert "Worklist first: 0 of 1 random check had the finding" in text(at)
    assert "is not known: 6 of the 10 listed films are unread." in text(at)


def test_a_readers_name_is_text_and_never_markup(reads):
    reads(*answers("<b>Ada</b>", "pa"))

    assert "&lt;b&gt;Ada&lt;/b&gt; has read 2 films" in text(opened())

"""`compare` as a person runs it: verdicts, what is measured again and what is not, and what is refused."""

from __future__ import annotations

import shutil

import pytest

from core.base import files
from core.data import radiographs
from core.evaluation import comparison_store, report_store
from core.models import cards
from tests.commands.studies import PLACE, own, twin


def test_two_checkpoints_are_compared_and_the_verdict_follows_the_statistics(study, done):
    first, second = own(study), twin(study)

    summary, made = done("compare", first, second, *PLACE, "--part", "test")

    comparison = made["comparison"]
    assert set(made) == {"comparison", "reports", "pooled", "dataset", "split"}
    assert comparison["checkpoints"] == [first, second] == [report["checkpoint_id"] for report in made["reports"]]
    assert comparison_store.load(study, comparison["comparison_id"]).to_dict() == comparison
    auroc = next(one for one in comparison["differences"] if one["metric"] == "auroc")
    values = [report["metrics"]["auroc"]["value"] for report in made["reports"]]
    assert auroc["value"] == pytest.approx(values[0] - values[1])
    assert ("no evidence of a difference" in summary) == (auroc["p_holm"] is None or auroc["p_holm"] >= 0.05)
    assert comparison["verdicts"][0] in summary
    assert "AUROC, against all others" in summary


def test_seeds_of_one_configuration_are_pooled_with_their_spread(study, done):
    first, second = own(study), twin(study)

    summary, made = done("compare", first, second, *PLACE, "--part", "test")

    (group,) = made["pooled"]
    assert group["checkpoints"] == [first, second]
    a, b = (report["metrics"]["auroc"]["value"] for report in made["reports"])
    assert group["metrics"]["auroc"]["value"] == pytest.approx((a + b) / 2)
    assert group["metrics"]["auroc"]["between"] == pytest.approx(abs(a - b) / 2**0.5)
    assert "between seeds" in summary


def test_a_report_that_still_fits_is_not_made_again(study, done):
    first, second = own(study), twin(study)
    done("compare", first, second, *PLACE, "--part", "test")
    before = {name: study.report(name).stat().st_mtime_ns for name in report_store.report_ids(study)}

    done("compare", first, second, *PLACE, "--part", "test")
    assert {name: study.report(name).stat().st_mtime_ns for name in report_store.report_ids(study)} == before

    path = study.predictions(second, "phantoms", "patient", "test")
    files.write_parquet(path, files.read_parquet(path).assign(probability=lambda table: table["probability"] / 2))
    made_of = next(
        name for name in report_store.report_ids(study) if report_store.load(study, name).checkpoint_id == second
    )
    told = report_store.load(study, made_of)
    report_store.save(study, told.model_copy(update={"created_at": "2020-01-01T00:00:00+00:00"}))

    _, made = done("compare", first, second, *PLACE, "--part", "test")
    assert made["reports"][1]["metrics"]["brier"] != told.metrics["brier"].model_dump()


def test_the_report_has_the_verdict_the_triangle_and_the_command(study, done, tmp_path):
    first, second = own(study), twin(study)
    page = tmp_path / "two.html"

    _, made = done("compare", first, second, *PLACE, "--part", "test", "--html", str(page))

    text = page.read_text(encoding="utf-8")
    assert made["html"] == str(page)
    assert f"compare {first} {second} --dataset phantoms --split patient --part test" in text
    assert "Paired differences" in text
    assert "Several seeds of one configuration" in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        (lambda one, _: [], "found none; name another"),
        (lambda one, _: [one], "found one; name another"),
        (lambda one, _: [one, one], "twice"),
        (lambda one, _: [one, "cnn-none"], "found none named 'cnn-none'"),
    ],
)
def test_too_few_or_unknown_checkpoints_are_refused(study, refused, take, expected):
    assert expected in refused("compare", *take(own(study), study), *PLACE, "--part", "test")


def test_a_checkpoint_of_phantoms_does_not_stand_beside_one_of_real_films(study, refused):
    other = twin(study, kinds={"real": 90, "phantom": 10, "synthetic": 0})

    told = refused("compare", own(study), other, *PLACE, "--part", "test")

    assert "Expected checkpoints that learnt from the same kind of image" in told


def test_phantoms_and_real_films_are_no_common_ground(study, refused):
    second = twin(study)
    table = radiographs.load(study, "phantoms")
    test = files.read_parquet(study.predictions(second, "phantoms", "patient", "test"))["image_id"]
    source = table["source"].mask(table["image_id"] == test.iloc[0], "real")
    files.write_parquet(study.radiographs("phantoms"), table.assign(source=source))

    told = refused("compare", own(study), second, *PLACE, "--part", "test")

    assert "Expected films of one kind to compare on, found" in told
    assert "1 real" in told


def test_predictions_that_are_not_there_are_asked_for_with_the_command(study, refused):
    second = twin(study)
    shutil.rmtree(study.predictions(second, "phantoms", "patient", "test").parent)

    told = refused("compare", own(study), second, *PLACE, "--part", "test")

    assert f"run `python -m core predict {second}" in told
    assert cards.read_card(study, second)["checkpoint_id"] == second

"""`realism`: bad input in one sentence, a report that programs and people can read."""

import pytest

from core.base.errors import InputError
from core.commands import realism
from core.evaluation import realism_store
from tests.synthesis import real_and_made as made
from tests.training import studies


def test_a_set_that_is_not_there_is_refused_before_anything_is_loaded(workspace):
    with pytest.raises(InputError, match=r"found none named 'none'; there is none yet; make one with `translate`"):
        realism.run(["none"])


def test_the_name_of_the_set_is_asked_for(workspace):
    with pytest.raises(InputError, match="Expected SYNTHETIC for `python -m core realism`"):
        realism.run([])


def test_the_report_is_kept_printed_and_told(workspace, tmp_path, monkeypatch):
    studies.use_tiny_classifier(monkeypatch)
    made.make(workspace, tmp_path, patients=40, texture=40)

    outcome = realism.run([made.NAME, "--dataset", made.DATASET, "--epochs", "2"])

    report = realism_store.load(workspace, made.NAME)
    assert outcome.status == 0
    assert outcome.made["report"] == report.to_dict()
    assert outcome.made["checkpoint_id"] == report.origin.checkpoint_id
    assert f"{report.images} images of {report.image_patients} patients" in outcome.summary
    assert "FID, KID, precision, recall, shift: none. There is no classifier" in outcome.summary
    assert "told from films" in outcome.summary
    assert "change in lung" in outcome.summary
    assert "fingerprint test   none" in outcome.summary


def test_with_a_classifier_the_features_are_named_as_its_own(workspace, tmp_path, monkeypatch):
    studies.use_tiny_classifier(monkeypatch)
    made.make(workspace, tmp_path, patients=40)
    name = made.classifier(workspace, epochs=1)

    summary = realism.run([made.NAME, "--epochs", "1"]).summary

    assert f"in the features of {name}, not Inception's" in summary
    assert "none: fewer than 2,000 images" in summary

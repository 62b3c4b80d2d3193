"""How hard the embedded data set is: a CNN trained to the end, three seeds, against the adjudicated label."""

import numpy as np
import pytest

from tests.running import core

SEEDS = (0, 1, 2)
OPTIONS = ("--image-size", "64", "--epochs", "25", "--batch-size", "32", "--learning-rate", "1e-3")


@pytest.mark.slow
def test_a_trained_cnn_is_neither_perfect_nor_hopeless(tmp_path):
    data, place = tmp_path / "phantoms", ("--dataset", "phantoms", "--split", "patient")
    core(tmp_path, "phantom", str(data), "--patients", "600", "--size", "256")
    csv = str(data / "Data_Entry_2017_v2020.csv")
    core(tmp_path, "index", "nih", "--csv", csv, "--images", str(data / "images"), "--name", "phantoms")
    core(tmp_path, "split", "phantoms", "--kind", "patient", "--name", "patient")

    areas = []
    for seed in SEEDS:
        checkpoint = core(tmp_path, "train", "cnn", *place, *OPTIONS, "--seed", str(seed))["checkpoint_id"]
        core(tmp_path, "predict", checkpoint, *place, "--part", "test")
        report = core(tmp_path, "evaluate", checkpoint, *place, "--part", "test", "--truth", "phantom")["report"]
        areas.append(report["metrics"]["auroc"]["value"])

    assert report["counts"]["patients"] >= 120
    assert 0.80 <= np.mean(areas) <= 0.97, areas

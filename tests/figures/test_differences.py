from __future__ import annotations

from core.evaluation.differences import Difference
from core.figures.differences import triangle
from tests.figures.reports import words

NAMES = {"a": "Ensemble, 64 px", "b": "CNN, 64 px", "c": "ViT, 96 px"}


def difference(first, second, value, *, half=0.02, p_holm=0.5, metric="auroc", **other):
    limits = {} if value is None else {"low": value - half, "high": value + half}
    told = {"first": first, "second": second, "metric": metric, "method": "m", "value": value, "p_value": p_holm}
    return Difference(**told | limits | {"p_holm": p_holm} | other)


ALL = [
    difference("a", "b", 0.03, p_holm=0.004),
    difference("c", "a", -0.01),
    difference("b", "c", None, p_holm=None, reason="no interval: one class"),
    difference("a", "b", 0.5, metric="brier"),
]


def test_each_pair_stands_once_below_the_diagonal_as_row_less_column():
    figure = triangle(ALL, NAMES, caption="the stamp")

    matrix = figure.data[0]
    assert list(matrix.z[0]) == [-0.03, None]  # CNN less Ensemble; the diagonal is empty
    assert matrix.z[1][0] == -0.01  # ViT less Ensemble
    assert matrix.text[0][0] == "<b>-0.030<br>-0.050 to -0.010<br>p 0.004</b>"
    assert matrix.text[1][0] == "-0.010<br>-0.030 to +0.010<br>p 0.500"
    assert matrix.zmin == -matrix.zmax
    assert "no interval: one class" in words(figure)
    assert "the stamp" in words(figure)


def test_only_what_is_significant_after_holm_is_bold():
    texts = triangle(ALL, NAMES).data[0].text

    assert [text.startswith("<b>") for row in texts for text in row] == [True, False, False, False]


def test_other_metrics_have_their_own_triangle_and_nothing_is_a_sentence():
    assert triangle(ALL, NAMES, metric="brier").data[0].z[0][0] == -0.5
    assert "takes two checkpoints" in words(triangle(ALL, {"a": "Ensemble"}))

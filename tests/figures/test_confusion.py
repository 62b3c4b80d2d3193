from __future__ import annotations

from sklearn.metrics import confusion_matrix

from core.figures.confusion import confusion
from tests.figures.reports import films, measured, words


def test_counts_and_row_shares_are_those_of_scikit_learn():
    one, own = measured(), films()
    (tn, fp), (fn, tp) = confusion_matrix(own["label"], own["probability"] >= 0.5)

    figure = confusion([one])

    matrix = figure.data[0]
    assert [list(row) for row in matrix.customdata] == [[tp, fn], [fp, tn]]
    assert [list(row) for row in matrix.z] == [[tp / (tp + fn), fn / (tp + fn)], [fp / (fp + tn), tn / (fp + tn)]]
    assert f"<b>{tp}</b><br>{tp / (tp + fn):.1%} of the row" in words(figure)
    assert "from probability 0.500" in words(figure)
    assert matrix.colorscale[0][1] == "#00224e"  # cividis


def test_a_checkpoint_without_a_threshold_is_left_out_and_none_at_all_is_a_sentence():
    without = measured(threshold=None)

    assert "No threshold" in words(confusion([without], caption="the stamp"))
    assert "the stamp" in words(confusion([without], caption="the stamp"))
    assert len(confusion([without, measured("vit")]).data) == 1


def test_a_class_without_films_has_no_share():
    assert "no such film" in words(confusion([measured(one_class=True)]))

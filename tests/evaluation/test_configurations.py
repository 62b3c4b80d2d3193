from core.evaluation.configurations import NOT_SET, differing


def test_only_what_differs_is_listed_and_a_lacking_setting_is_said():
    cnn = {"model": "cnn", "epochs": 24, "learning_rate": 0.001, "labels": "report"}
    vit = {"model": "vit", "epochs": 24, "learning_rate": 0.0005, "labels": "report", "drop_rate": None}

    table = differing({"CNN": cnn, "ViT": vit, "Ensemble": {"model": "ensemble", "labels": "report"}})

    assert table.to_dict("records") == [
        {"Setting": "Model", "CNN": "cnn", "ViT": "vit", "Ensemble": "ensemble"},
        {"Setting": "Epochs", "CNN": "24", "ViT": "24", "Ensemble": NOT_SET},
        {"Setting": "Learning rate", "CNN": "0.001", "ViT": "0.0005", "Ensemble": NOT_SET},
    ]


def test_like_configurations_differ_in_nothing():
    table = differing({"a": {"seed": 0}, "b": {"seed": 0}})

    assert table.empty
    assert list(table) == ["Setting", "a", "b"]

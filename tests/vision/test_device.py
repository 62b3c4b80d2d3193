from __future__ import annotations

import pytest
import torch

from core.base.errors import InputError
from core.vision import device


def test_the_setting_chooses_the_cpu(monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DEVICE", "cpu")

    assert device.chosen() == torch.device("cpu")


@pytest.mark.parametrize(("wanted", "there"), [("auto", "cpu"), ("cuda", None)])
def test_without_a_gpu_auto_takes_the_cpu_and_cuda_is_refused(monkeypatch, wanted, there):
    monkeypatch.setenv("PLEURASCOPE_DEVICE", wanted)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    if there:
        assert device.chosen() == torch.device(there)
    else:
        with pytest.raises(InputError, match="Expected a GPU as PLEURASCOPE_DEVICE=cuda asks for, found none"):
            device.chosen()

"""The folder of a training run: what it keeps, and what it says of a state that is no good."""

import pytest

from core.base.errors import InputError
from core.training.run_folder import LAST, RunFolder


@pytest.mark.parametrize("content", [b"", b"no state", b"PK\x03\x04 cut off"])
def test_a_damaged_state_is_told_in_one_sentence(tmp_path, content):
    (tmp_path / LAST).write_bytes(content)

    with pytest.raises(InputError, match=r"found a damaged file; remove it to begin anew\.$"):
        RunFolder(tmp_path, "this run").read()


def test_the_state_of_another_run_is_not_this_ones(tmp_path):
    RunFolder(tmp_path, "another").write({"step": 3})

    assert RunFolder(tmp_path, "this run").read() is None
    assert RunFolder(tmp_path, "another").read()["step"] == 3

"""Our own sentences stay as they are, and nothing in text from outside can begin anything; the rest a browser shows."""

from __future__ import annotations

import pytest

from app.plain import plain


@pytest.mark.parametrize(
    "text", ["Expected 1 to 60, found 'x': take 0.5 - 0.7 (95 %) at 14:03.", "a_b-c.png", "i0a1b2", "see `jobs list`."]
)  # fmt: skip
def test_our_own_sentences_stay(text):
    assert plain(text) == text


@pytest.mark.parametrize("text", [":material/lock:", ":red[x]", "https://evil.example", "www.evil.example", "a@b.co"])
def test_what_is_found_in_finished_text_is_broken_by_what_nobody_sees(text):
    assert text not in plain(text)
    assert plain(text).replace("\u2060", "").replace("\\", "") == text


@pytest.mark.parametrize("text", ["a\n# b", "a\r\n\r\n- b", "a\n```\nb"])
def test_there_is_one_line(text):
    assert "\n" not in plain(text)

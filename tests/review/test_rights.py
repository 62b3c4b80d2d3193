"""A reader's name has one form, and no name does anything but name."""

from __future__ import annotations

import unicodedata

import pytest

from core.base.errors import InputError
from core.review import rights


@pytest.mark.parametrize("name", ["Ada", "José Müller", "O'Brien-Smith, J.", "李雷", "Dr. 2"])
def test_a_name_stays_as_it_is(name):
    assert rights.checked_reader(f"  {name} ") == name
    assert rights.checked_reader(unicodedata.normalize("NFD", name)) == name


@pytest.mark.parametrize(
    "name", ["", "   ", "=HYPERLINK(1)", "![x](https://evil.example/p.png)", "_Ada_", "a" * 61, "Ada\x00", ":red[Ada]"]
)
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError, match="Expected a reader's name of 1 to 60 letters, digits, spaces"):
        rights.checked_reader(name)


@pytest.mark.parametrize("name", ["command line", "PleuraScope", "The  dashboard"])
def test_the_program_is_no_reader(name):
    with pytest.raises(InputError, match="which stands for the program itself"):
        rights.checked_reader(name)


def test_a_list_names_each_reader_once():
    assert rights.checked_readers(["Ada", " ", "Grace"]) == ("Ada", "Grace")
    with pytest.raises(InputError, match="Expected each reader once, found one twice in Ada, Ada"):
        rights.checked_readers(["Ada", "Ada "])


def test_nobody_has_a_right_and_without_a_login_a_name_has_all():
    assert rights.may("Ada", rights.ADJUDICATE)
    assert not rights.may("Ada", "delete")
    with pytest.raises(InputError, match="Expected the right to read, found that nobody lacks it"):
        rights.require("", rights.READ)

"""Taking in for a reader: what of it stands in the audit."""

import io

import numpy as np
from PIL import Image

from core.review import audit_log, intake
from core.review.read_store import Reads


def noise(seed):
    picture = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8))
    content = io.BytesIO()
    picture.save(content, format="PNG")
    return content.getvalue()


def entries(workspace):
    found = audit_log.search(Reads(workspace).ledger.engine, size=50)
    return [(entry.actor, entry.about) for entry in found.entries if entry.action == "films taken in"]


def test_films_taken_in_are_counted_in_the_audit_once_and_by_whom(workspace):
    list(intake.receive(workspace, [noise(1), noise(2), b"no film", noise(1)], by="Ada", anyway=True))
    list(intake.receive(workspace, [noise(1), b"no film"], by="Grace", anyway=True))

    assert entries(workspace) == [("Ada", {"films": 2})]


def test_somebody_who_stops_is_counted_as_far_as_they_came(workspace):
    receiving = intake.receive(workspace, [noise(1), noise(2), noise(3)], by="Ada", anyway=True)
    next(receiving)
    receiving.close()

    assert entries(workspace) == [("Ada", {"films": 1})]

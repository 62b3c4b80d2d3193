"""Films from elsewhere in a real browser: a folder of DICOM, phantom PNGs, their probability, a worklist, a read."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import intake_words
from core.data import intake, radiographs
from core.review.read_store import Reads
from core.triage.worklists import Worklists
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED, address, go
from tests.browser.test_reading import Desk

__all__ = ["address"]  # a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
MARKERS = {  # of a patient: none of them may come through
    "PatientName": "ZZNAMEZZ^ANNA",
    "PatientID": "ZZPATIENTZZ",
    "AccessionNumber": "ZZACCESSZZ",
    "InstitutionName": "ZZHOSPITALZZ",
    "PatientComments": "ZZCOMMENTZZ",
}
FILE_NAME = "ZZFILEZZ"
LONG = 120_000  # milliseconds: where a model is loaded on a busy machine


@pytest.fixture(params=["light", "dark"])
def desk(request, address):
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        made = Desk(browser, address, f"Ada {request.param}", request.param)
        yield made
        browser.close()
    assert not made.faults


def dicom(path, pixels, number):
    """Write pixels as a digital X-ray, with everything that a hospital would write into it."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = Dataset()
    film.file_meta = meta
    film.SOPClassUID, film.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    film.StudyInstanceUID, film.SeriesInstanceUID = generate_uid(), generate_uid()
    film.Modality, film.BodyPartExamined, film.ViewPosition = "DX", "CHEST", "PA"
    film.PatientSex, film.PatientAge, film.PatientBirthDate = "F", "093Y", "19330518"
    film.StudyDate, film.StudyTime = "20260105", "101112"
    for name, value in MARKERS.items():
        setattr(film, name, f"{value}{number}" if name == "PatientID" else value)
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated = film.BitsStored = 8
    film.HighBit, film.PixelRepresentation = 7, 0
    film.PixelData = pixels.tobytes()
    film.save_as(path, enforce_file_format=True)


def films(study, folder):
    """Write a folder of three DICOM files of phantoms' pixels, and return it with three phantom PNGs."""
    paths = [Path(path) for path in radiographs.load(study, "phantoms")["path"][:6]]
    hospital = folder / "hospital" / "study"
    hospital.mkdir(parents=True)
    for number, path in enumerate(paths[:3]):
        with Image.open(path) as film:
            dicom(hospital / f"{FILE_NAME}_{number}", np.asarray(film), number)
    return hospital.parent, paths[3:]


def shot(desk, name):
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    for width, height in ((820, 2600), (1440, 2000)) if folder else ():
        desk.page.set_viewport_size({"width": width, "height": height})
        desk.page.wait_for_timeout(1500)
        desk.page.screenshot(path=Path(folder) / f"intake-{name}-{desk.theme}-{width}.png")
    desk.page.set_viewport_size({"width": 1440, "height": 900})


def test_films_are_taken_in_judged_sent_and_read(desk, study, tmp_path):
    from playwright.sync_api import expect

    folder, pngs = films(study, tmp_path)
    page = desk.page
    desk.open("intake")
    desk.sign()
    real_films_get_no_probability(desk, folder, expect)
    assert not desk.received(*MARKERS.values(), "19330518", str(study.root))
    assert not [path for path in study.root.rglob("*") if path.is_file() and leaks(path)]

    page.get_by_role("button", name="Put these files away").click()
    page.get_by_role("radio", name="Files").click()
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(pngs)
    page.get_by_role("button", name="Take in 3 files").dblclick()
    expect(page.get_by_text("3 files taken in.")).to_be_visible(timeout=LONG)
    expect(page.locator(".ps-intake-zone")).to_have_count(3, timeout=LONG)
    expect(page.get_by_text("This is no diagnosis.")).to_be_visible(timeout=LONG)
    assert len(intake.received(study, desk.name)) == 6  # the double click took each in once
    page.get_by_text("Heat map", exact=True).first.click()
    told = re.compile("Heat map withheld|No heat map|It passed:")  # a tiny classifier's map is one or the other
    expect(page.get_by_text(told).first).to_be_visible(timeout=LONG)
    shot(desk, "phantoms")

    for number in range(2):
        page.get_by_role("checkbox", name="to a worklist").nth(number).check(force=True)
    page.get_by_label("Name of the worklist").fill(f"brought-{desk.theme}")
    page.get_by_role("button", name="Send 2 films").click()
    expect(page.get_by_text(f"The worklist brought-{desk.theme} is made.")).to_be_visible(timeout=LONG)
    shot(desk, "sent")
    made = Worklists(study).get(f"brought-{desk.theme}")
    assert len(made.films) == 2

    page.get_by_role("button", name="Open it").click()
    desk.answer("n")
    desk.keep()
    desk.answer("n")
    desk.keep()
    page.get_by_text("Nothing is left to read for you").wait_for()
    read = Reads(study).of_worklist(made.name)
    assert set(read) == set(made.films)
    go(page, "Read", "Worklist")
    expect(page.get_by_text("These films were taken in and chosen one by one")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("Traceback")).to_have_count(0, timeout=LONG)


def real_films_get_no_probability(desk, folder, expect):
    page = desk.page
    page.get_by_role("radio", name="A folder").click()
    page.locator("input[webkitdirectory]").set_input_files(folder)
    assert not page.locator(".ps-row-film").count()
    page.get_by_role("button", name="Take in 3 files").click()
    expect(page.get_by_text("3 files taken in.")).to_be_visible(timeout=LONG)
    expect(page.get_by_text("it says nothing of them")).to_be_visible(timeout=LONG)
    expect(page.get_by_text(intake_words.OTHER_KIND)).to_have_count(3, timeout=LONG)
    expect(page.get_by_text("PA · F · 90 y")).to_have_count(3, timeout=LONG)
    expect(page.get_by_text("An age above 89 is kept as 90.")).to_have_count(3, timeout=LONG)
    expect(page.locator(".ps-intake-zone")).to_have_count(0, timeout=LONG)
    page.get_by_text("How to train on real films").click()
    expect(page.get_by_text("python -m core train densenet121")).to_be_visible(timeout=LONG)
    shot(desk, "real")


def leaks(path):
    content = path.read_bytes()
    return [word for word in (*MARKERS.values(), FILE_NAME) if word.encode() in content]

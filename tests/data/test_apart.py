from __future__ import annotations

import io
import os
import struct
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base.errors import InputError
from core.data import apart, apart_reader, image_file, pixels
from core.data.apart_reader import ANSWER
from tests.data import dicoms, mutated

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")


@pytest.fixture(autouse=True, scope="module")
def _ended():
    yield
    apart.close()


def refused(content: bytes, **options: float) -> str:
    with pytest.raises(image_file.UnreadableImage) as refusal:
        apart.decode(content, **options)
    return refusal.value.reason


def a_film(**tags: object) -> bytes:
    values = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    return dicoms.film(values, stored=12, BodyPartExamined="CHEST", ViewPosition="PA", **tags)


def reader_id() -> int:
    """Return the process that would read the next file."""
    with apart._pool().one() as reader:
        return reader._started().pid


def speaking(monkeypatch, code: str) -> None:
    """Put a program in the place of the reader: it says it is ready, then does what the code says."""
    whole = (
        "import os, struct, sys, time, json\n"
        "def say(told, raw=b'', length=None):\n"
        "    text = told if isinstance(told, bytes) else json.dumps(told).encode()\n"
        "    os.write(1, struct.pack('>I', len(text) if length is None else length) + text + raw)\n"
        "say({'ready': True})\n" + code
    )
    run = apart.subprocess.Popen
    monkeypatch.setattr(
        apart.subprocess, "Popen", lambda words, **options: run([sys.executable, "-c", whole], **options)
    )
    apart.close()


@pytest.mark.parametrize("number", range(6))
def test_a_png_is_read_as_in_this_process(number):
    content = mutated.pngs()[number]

    found = apart.decode(content)

    expected = pixels.decode_bytes(content)
    np.testing.assert_array_equal(found.image.pixels, expected.pixels)
    assert found.image.pixels.dtype == expected.pixels.dtype
    assert (found.image.source, found.image.notes, found.header) == (expected.source, expected.notes, None)


def test_a_dicom_film_brings_its_header():
    found = apart.decode(a_film(PatientID="4711", PatientAge="044Y", PixelSpacing=[0.2, 0.2]))

    assert found.image.pixels.shape == (40, 50)
    assert (found.header.patient, found.header.age_years, found.header.pixel_spacing_mm) == ("4711", 44.0, 0.2)


def test_a_film_that_is_not_wanted_is_refused_by_its_rule():
    assert refused(a_film(Modality="CT")) == "modality CT"


@pytest.mark.parametrize("content", [b"", b"x", b"abc" * 1000, b"%PDF-1.7", bytes(200)])
def test_what_is_no_image_is_refused(content):
    assert refused(content) in ("empty file", "not a PNG, JPEG or DICOM image")


def test_colour_is_told():
    grey = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    contents = [io.BytesIO(), io.BytesIO(), io.BytesIO()]
    Image.fromarray(np.dstack([grey, grey, grey])).save(contents[0], "PNG")
    Image.fromarray(np.dstack([grey, grey, grey])).save(contents[1], "JPEG")
    Image.fromarray(np.dstack([grey, 255 - grey, grey])).save(contents[2], "PNG")

    colours = [apart.decode(content.getvalue()).colour for content in contents]

    assert colours[0] == 0
    assert colours[1] < 0.01
    assert colours[2] > 0.5


def test_many_threads_get_their_own_files():
    films = [np.full((8, 8), number, np.uint8) for number in range(40)]
    contents = [mutated._saved(Image.fromarray(film)) for film in films]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(apart.decode, contents))

    for film, one in zip(films, found, strict=True):
        np.testing.assert_array_equal(one.image.pixels, film)


def test_the_same_process_reads_one_file_after_another():
    apart.decode(mutated.pngs()[0])
    before = reader_id()

    for number in range(5):
        refused(b"no image")
        apart.decode(mutated.pngs()[number])

    assert reader_id() == before


# Bombs and lies


def test_a_png_of_400_megapixels_is_refused_from_its_header():
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))

    assert refused(mutated.png_of([(b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")])) == "larger than 25 megapixels"


@pytest.mark.parametrize("kind", [b"iTXt", b"zTXt", b"iCCP"])
def test_a_text_of_200_megabytes_does_not_fill_the_memory(kind):
    squeezed = zlib.compress(bytes(200_000_000), 1)
    data = {b"iTXt": b"a\0\1\0\0\0", b"zTXt": b"a\0\0", b"iCCP": b"a\0\0"}[kind] + squeezed
    found = mutated.chunks(mutated.pngs()[1])
    found.insert(1, (kind, data))

    try:
        image = apart.decode(mutated.png_of(found)).image
    except image_file.UnreadableImage as error:
        assert error.reason
    else:
        np.testing.assert_array_equal(image.pixels, pixels.decode_bytes(mutated.pngs()[1]).pixels)


def test_many_texts_do_not_fill_the_memory():
    text = PngInfo()
    for number in range(70):
        text.add_itxt(f"key{number}", "x" * 1_000_000, zip=True)

    assert refused(mutated._saved(Image.new("L", (20, 20)), pnginfo=text))


def test_a_deflated_dicom_bomb_is_refused():
    whole = dicoms.film(np.zeros((40, 40), np.uint8), syntax="deflated")
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    element = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, 2_000_000_000)
    body = compressor.compress(element)
    body += b"".join(compressor.compress(bytes(1 << 24)) for _ in range(17)) + compressor.flush()
    syntax = dicoms.SYNTAXES["deflated"].encode()

    assert refused(whole[: whole.index(syntax) + len(syntax)] + body) == "more than 256 MB when inflated"


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(65_535, 65_535), (5_000, 5_000), (40, 65_535), (0, 40), (40, 0), (39, 50), (41, 50), (50, 40)],
)
@pytest.mark.parametrize("syntax", ["explicit", "rle", "jpeg-ls", "jpeg 2000"])
def test_rows_and_columns_that_lie_are_refused_or_of_no_consequence(rows, columns, syntax):
    values = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    lying = dicoms.film(
        values, syntax=syntax, stored=12, lie={"Rows": rows, "Columns": columns}, BodyPartExamined="CHEST"
    )

    try:
        found = apart.decode(lying).image.pixels
    except image_file.UnreadableImage as error:
        assert error.reason not in (apart.CRASHED, apart.TOO_SLOW)
    else:
        assert found.shape == (rows, columns)
        assert found.size <= 40 * 50


def test_ten_thousand_nested_sequences_are_refused_or_passed_over():
    whole = a_film()
    start = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    place = whole.index(struct.pack("<HH", 0x7FE0, 0x0010))

    content = whole[:place] + start * 10_000 + end * 10_000 + whole[place:]

    try:
        found = apart.decode(content).image.pixels
    except image_file.UnreadableImage as error:
        assert error.reason
    else:
        np.testing.assert_array_equal(found, apart.decode(whole).image.pixels)
    assert apart.decode(whole).image.pixels.shape == (40, 50)


def test_a_file_above_the_limit_is_not_even_sent(monkeypatch):
    monkeypatch.setattr(image_file, "MAX_BYTES", 100)
    monkeypatch.setattr(apart, "_pool", pytest.fail)

    assert "file larger than" in refused(bytes(101))


# A reader that fails


def test_a_reader_that_dies_is_a_refusal_and_the_next_file_is_read(monkeypatch):
    with monkeypatch.context() as patch:
        speaking(patch, "sys.stdin.buffer.read(8)\nos.abort()\n")
        assert refused(b"anything") == apart.CRASHED
        assert refused(bytes(5_000_000)) == apart.CRASHED  # dies while it is being told
    assert apart.decode(mutated.pngs()[0]).image.pixels.shape == (20, 17)


def test_a_reader_that_hangs_is_ended(monkeypatch):
    with monkeypatch.context() as patch:
        speaking(patch, "time.sleep(600)\n")
        assert refused(b"anything", seconds=0.3) == apart.TOO_SLOW
        assert refused(bytes(5_000_000), seconds=0.3) == apart.TOO_SLOW  # never takes it in
    assert apart.decode(mutated.pngs()[0]).image.pixels.shape == (20, 17)


@posix
def test_the_processes_of_a_reader_end_with_it(monkeypatch, tmp_path):
    note = tmp_path / "pid"
    code = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(600)\n"
    )
    with monkeypatch.context() as patch:
        speaking(patch, code)
        assert refused(b"anything", seconds=3) == apart.TOO_SLOW
    ended = threading.Event()
    for _ in range(100):
        state = _state(int(note.read_text()))
        if state in ("", "Z"):
            ended.set()
            break
        ended.wait(0.05)
    assert ended.is_set()


def _state(process: int) -> str:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


ONE_PIXEL = "{'shape': [1, 1], 'dtype': 'uint8', 'source': 'real', 'notes': [], 'colour': 0, 'header': None}"


@pytest.mark.parametrize(
    "answer",
    [
        "os.write(1, b'\\0')",
        "say(b'no JSON')",
        "say([1, 2])",
        "say({})",
        "say({}, length=4_000_000_000)",
        "say({'shape': [1, 1]})",
        f"say({ONE_PIXEL} | {{'shape': [100_000, 100_000]}})",
        f"say({ONE_PIXEL} | {{'shape': [-1, -1]}}, b'a')",
        f"say({ONE_PIXEL} | {{'dtype': 'object'}}, b'a')",
        f"say({ONE_PIXEL} | {{'source': 'elsewhere'}}, b'a')",
        f"say({ONE_PIXEL} | {{'header': {{'x': 1}}}}, b'a')",
        f"say({ONE_PIXEL})",
    ],
)
def test_an_answer_that_cannot_be_is_not_believed(monkeypatch, answer):
    with monkeypatch.context() as patch:
        speaking(patch, f"sys.stdin.buffer.read(9)\n{answer}\n")
        assert refused(b"x") == apart.CRASHED
    apart.close()


def test_a_reader_that_answers_well_is_believed(monkeypatch):
    with monkeypatch.context() as patch:
        speaking(patch, f"sys.stdin.buffer.read(9)\nsay({ONE_PIXEL}, b'a')\n")
        assert apart.decode(b"x").image.pixels.tolist() == [[97]]
    apart.close()


def test_a_reader_that_cannot_be_started_is_said(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(apart_reader, "READY", {"ready": False})
        patch.setattr(apart, "READY", {"ready": False})
        apart.close()
        with pytest.raises(InputError, match="found that it does not begin"):
            apart.decode(b"x")
    assert apart.decode(mutated.pngs()[0]).image.pixels.shape == (20, 17)


@posix
def test_the_memory_of_the_reader_is_limited():
    code = (
        "from core.data import apart_reader as reader, pixels\n"
        "pixels.decode_bytes = lambda content: bytearray(3 << 30)\n"
        "reader.main()\n"
    )
    done = apart.subprocess.run(
        [sys.executable, "-c", code],
        input=apart_reader.REQUEST.pack(1) + b"x" + apart_reader.REQUEST.pack(1) + b"x",
        capture_output=True,
        check=True,
        cwd=apart.ROOT,
    )

    length = ANSWER.unpack_from(done.stdout)[0]
    rest = done.stdout[ANSWER.size + length :]
    assert apart_reader.TOO_MUCH.encode() in rest
    assert rest.count(b"reason") == 1, "it ends after that, and does not read on with what is left"


@posix
def test_the_reader_cannot_write_a_file_and_says_nothing_beside_its_answers(tmp_path):
    path = tmp_path / "leak"
    code = (
        "import os, signal\n"
        "from core.data import apart_reader as reader, pixels\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "def decode(content):\n"
        "    print('to the output', flush=True); os.write(2, b'to the errors')\n"
        f"    with open({str(path)!r}, 'wb', buffering=0) as file:\n"
        "        file.write(content)\n"
        "pixels.decode_bytes = decode\n"
        "reader.main()\n"
    )
    done = apart.subprocess.run(
        [sys.executable, "-c", code],
        input=apart_reader.REQUEST.pack(6) + b"marker",
        capture_output=True,
        check=True,
        cwd=apart.ROOT,
    )

    assert path.read_bytes() == b""
    assert b"damaged" in done.stdout
    assert b"to the output" not in done.stdout
    assert done.stderr == b""


@posix
def test_the_processor_time_of_a_file_is_limited(monkeypatch):
    code = (
        "from core.data import apart_reader as reader\n"
        "reader.SECONDS = 0\n"
        "def spin(content):\n"
        "    while True: pass\n"
        "reader._read = spin\n"
        "reader.main()\n"
    )
    run = apart.subprocess.Popen
    with monkeypatch.context() as patch:
        patch.setattr(apart.subprocess, "Popen", lambda words, **options: run([sys.executable, "-c", code], **options))
        apart.close()
        assert refused(b"x", seconds=60) == apart.TOO_SLOW
    apart.close()


def test_the_reader_gets_no_settings(monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "postgresql://reader:secret@host/db")
    monkeypatch.setenv("SOME_TOKEN", "secret")
    given: list[dict[str, str]] = []
    run = apart.subprocess.Popen

    def watched(words: list[str], **options: object) -> object:
        given.append(options["env"])
        return run(words, **options)

    with monkeypatch.context() as patch:
        patch.setattr(apart.subprocess, "Popen", watched)
        apart.close()
        apart.decode(mutated.pngs()[0])

    assert "secret" not in str(given)


@posix
def test_a_fork_does_not_talk_through_its_parents_pipes():
    apart.decode(mutated.pngs()[0])
    mine = apart._pool()

    pools = dict(apart._pools)
    apart._pools.clear()
    apart._pools[os.getpid() + 1] = mine  # as a forked process finds it
    other = apart._pool()
    apart.close()
    apart._pools.update(pools)

    assert other is not mine
    assert apart.decode(mutated.pngs()[0]).image.pixels.shape == (20, 17)

"""Files: what is taken, what is refused and in which words, and how they leave."""

import io
import zipfile
from datetime import datetime

import pytest

from portfolio import drafts, files
from portfolio.database import Database
from portfolio.files import FileRefused, check, download_headers, plain_name
from portfolio.links import Links
from portfolio.models import File
from portfolio.questions import FIRST
from tests.conftest import Cast
from tests.factory import a_request


def packed(*members: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for member in members:
            archive.writestr(zipfile.ZipInfo(member), "x")  # a fixed date: the bytes name the case
    return held.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("plan.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("Shot.PNG", b"\x89PNG\r\n\x1a\n...", "image/png"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("notes.txt", "Grüße".encode(), "text/plain; charset=utf-8"),
        ("notes.csv", "a;b\n".encode("utf-16"), "text/csv; charset=utf-8"),
        (
            "deck.pptx",
            packed("[Content_Types].xml", "ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        ("text.odt", packed("mimetype", "content.xml"), "application/vnd.oasis.opendocument.text"),
    ],
)
def test_what_people_share_is_taken(name: str, content: bytes, media_type: str) -> None:
    assert check(name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.exe", b"MZ", "We can't take “run.exe”"),
        ("page.html", b"<script>", "We can't take “page.html”"),
        ("drawing.svg", b"<svg/>", "We can't take “drawing.svg”"),
        ("no-ending", b"x", "We can't take “no-ending”"),
        ("plan.pdf", b"MZ\x90 a program", "is not what its name says (.pdf)"),
        ("book.xlsx", packed("[Content_Types].xml", "xl/vbaProject.bin"), "is not what its name says"),
        ("book.xlsx", b"PK\x03\x04 broken", "is not what its name says"),
        ("notes.txt", b"\x00\x01\x02", "is not what its name says"),
        ("notes.txt", b"", "“notes.txt” is empty."),
        ("big.txt", b"x" * (files.MOST_BYTES + 1), "“big.txt” is 10 MB; we take at most 10 MB a file."),
    ],
)
def test_what_could_harm_or_overflow_is_refused_in_words(name: str, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=r".") as refused:
        check(name, content)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (r"C:\Users\kim\plan.pdf", "plan.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b<c>.txt', "a_b_c_.txt"),
        ("line\nbreak.txt", "line break.txt"),
        ("gnp.\u202egpj.txt", "gnp._gpj.txt"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_a_file_leaves_as_a_download_and_never_as_a_page() -> None:
    file = File(name='Büro"; x=.pdf', media_type="application/pdf")
    assert download_headers(file) == {
        "Content-Disposition": "attachment; filename=\"B_ro__ x_.pdf\"; filename*=UTF-8''B%C3%BCro%22%3B%20x%3D.pdf",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


@pytest.mark.both
def test_a_drafts_files_go_with_the_request_it_became(
    database: Database, cast: Cast, links: Links, now: datetime
) -> None:
    with database.writing() as session:
        draft = drafts.begin(session, {"title": "Quotes"}, form=FIRST, at=now)
        first = files.keep(session, name="plan.pdf", content=b"%PDF-1", draft=draft, at=now)
        again = files.keep(session, name="plan (1).pdf", content=b"%PDF-1", draft=draft, at=now)
        assert again.id == first.id
        became = a_request(session, links=links)
        drafts.sent(session, draft, became, at=now)
    with database.reading() as session:
        kept = [
            (one.name, one.size_bytes, one.draft_id) for one in files.listed(session, learning_request=became)
        ]
        assert kept == [("plan.pdf", 6, None)]
        assert session.get_one(File, first.id).content == b"%PDF-1"


def test_only_so_many_files_fit(database: Database, now: datetime) -> None:
    with database.writing() as session:
        draft = drafts.begin(session, {}, form=FIRST, at=now)
        for number in range(files.MOST_FILES):
            files.keep(session, name="a.txt", content=str(number).encode(), draft=draft, at=now)
        with pytest.raises(FileRefused, match="at most 20 files and 50 MB in all"):
            files.keep(session, name="a.txt", content=b"one more", draft=draft, at=now)

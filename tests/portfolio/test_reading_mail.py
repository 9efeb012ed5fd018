"""Reading mails as they really come, and worse: whatever the bytes, there is a letter."""

import base64
import re
import time
from email.message import EmailMessage

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portfolio import post
from portfolio.post import Attachment, Letter


def read(text: str | bytes) -> Letter:
    return post.read(text.encode() if isinstance(text, str) else text)


def multipart(*parts: str, kind: str = "mixed", head: str = "From: rita@fernweh.example\n") -> str:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return f'{head}MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="b"\n\n{body}--b--\n'


def test_a_plain_mail_is_read_whole() -> None:
    letter = read(
        "From: Rita Requester <Rita@Fernweh.example>\r\nTo: training@fernweh.example\r\nSubject: Quotes take\r\n too long\r\n"
        "Message-ID: <1@fernweh.example>\r\nIn-Reply-To: <b@outsize>\r\nReferences: <a@outsize>\r\n <b@outsize>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nWe need help.\r\n\r\n\r\n\r\nGrüße\r\n"
    )
    assert letter == Letter(
        headers=letter.headers,
        sender="rita@fernweh.example",
        sender_name="Rita Requester",
        subject="Quotes take too long",
        message_id="<1@fernweh.example>",
        answers=("<b@outsize>", "<a@outsize>"),
        words="We need help.\n\nGrüße",
        attachments=(),
    )


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "latin-1"),  # declared wrong, each way
        ("iso-8859-1", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("unknown-8bit", "utf-8"),
        ("unknown-8bit", "latin-1"),
        ("x-no-such-thing", "latin-1"),
        ("", "utf-8"),
        ("us-ascii", "latin-1"),
        ("utf-16", "utf-16"),
        ("\x00", "utf-8"),
        ("idna", "utf-8"),
        ("rot13", "utf-8"),
        ("'utf-8'", "utf-8"),
    ],
)
def test_letters_come_out_right_whatever_the_charset_claims(declared: str, encoding: str) -> None:
    head = f"From: a@b.example\nContent-Type: text/plain; charset={declared}\nContent-Transfer-Encoding: base64\n\n"
    words = "Größe und Café, außerdem Übung"
    assert read(head.encode() + base64.b64encode(words.encode(encoding))).words == words


@pytest.mark.parametrize("charset", ["gb2312", "shift_jis", "koi8-r", "iso-2022-jp", "big5", "utf-7"])
def test_other_alphabets_come_out_right(charset: str) -> None:
    words = {"koi8-r": "Нужно обучение", "shift_jis": "研修が必要です", "iso-2022-jp": "研修が必要です"}.get(
        charset, "培訓" if charset == "big5" else "培训"
    )
    head = (
        f"From: a@b.example\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"
    )
    assert read(head.encode() + words.encode(charset)).words == words


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8?b?R3LDtg==?=\n =?utf-8?b?w59l?=", "Größe"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?tsOfZQ==?=", "Größe"),  # a letter cut in two
        ("=?iso-8859-1?q?Gr=F6=DFe?= today", "Größe today"),
        ("=?utf-8?b?w?=", "=?utf-8?b?w?="),  # broken base64
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?nonsense?q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8?q?line=0Abreak?=", "line break"),
        ("=?utf-8?q?", "=?utf-8?q?"),
        ("raw \xf6", "raw ö"),
        ("a\x00b", "ab"),
        ("x" * 5000, "x" * 5000),
        ("x" * 9000, "x" * 5000),
    ],
)
def test_subjects_are_read_and_broken_ones_shown_as_they_are(header: str, subject: str) -> None:
    assert read(f"From: a@b.example\nSubject: {header}\n\nx".encode("latin-1")).subject == subject


@pytest.mark.parametrize(
    ("header", "address", "name"),
    [
        ("Rita <rita@fernweh.example>", "rita@fernweh.example", "Rita"),
        ('"Requester, Rita" <rita@fernweh.example>', "rita@fernweh.example", "Requester, Rita"),
        ("rita@fernweh.example (Rita)", "rita@fernweh.example", "Rita"),
        ("=?utf-8?q?J=C3=B6rg?= <j@b.example>", "j@b.example", "Jörg"),
        # what reads as an address once decoded is a name, not a sender
        ("=?utf-8?q?Rita_=3Crita=40fernweh.example=3E?= <evil@b.example>", "evil@b.example", "Rita <rita@fernweh.example>"),
        ('"rita@fernweh.example" <evil@b.example>', "evil@b.example", "rita@fernweh.example"),
        ("=?UTF-8?Q?=0AMy_self?= <me@b.example>", "me@b.example", "My self"),
        ("", "", ""),
        ("nobody", "", ""),
        ('"', "", ""),
        ("(" * 20_000, "", ""),
        ("<" * 20_000, "", ""),
        ("a@\x00b.example", "", ""),
    ],
)  # fmt: skip
def test_the_sender_is_who_the_header_names(header: str, address: str, name: str) -> None:
    letter = read(f"From: {header}\n\nx")
    assert (letter.sender, letter.sender_name[: len(name) or None]) == (address, name or letter.sender_name)


def test_of_two_froms_the_upper_counts_and_none_can_be_smuggled_in() -> None:
    letter = read("From: a@b.example\nFrom: c@d.example\nSubject: x\r\n\r\nFrom: e@f.example\n")
    assert (letter.sender, letter.words) == ("a@b.example", "From: e@f.example")


def test_html_is_read_as_words_and_nothing_in_it_runs() -> None:
    page = (
        "<html><head><title>no</title><style>p{color:red}</style></head><body><p>Hello&nbsp;Mara,</p><p>we <b>need</b><br>two:</p>"
        "<ul><li>One</li><li>Two</li></ul><table><tr><td>A</td><td>1</td></tr></table><script>alert(1)</script>"
        "<!-- no --><div>On Monday you wrote:</div><blockquote><p>How many?</p></blockquote></body></html>"
    )
    assert read(f"From: a@b.example\nContent-Type: text/html\n\n{page}").words == (
        "Hello Mara,\n\nwe need\ntwo:\n\n- One\n- Two\n\nA 1\n\nOn Monday you wrote:\n\n> How many?"
    )


def test_of_two_forms_of_one_text_the_plain_one_is_taken_unless_empty() -> None:
    html = "Content-Type: text/html\n\n<p>From the page</p>"
    both = multipart("Content-Type: text/plain\n\nPlain", html, kind="alternative")
    empty = multipart("Content-Type: text/plain\n\n \n", html, kind="alternative")
    assert (read(both).words, read(empty).words) == ("Plain", "From the page")


def test_files_keep_their_bytes_and_names() -> None:
    message = EmailMessage()
    message["From"] = "rita@fernweh.example"
    message.set_content("See the files.")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Größe & Maß.pdf")
    message.add_attachment(b"\x00\x01", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    message.add_attachment("a,b\n", subtype="csv", filename="list.csv")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png")
    letter = post.read(message.as_bytes())
    assert letter.words == "See the files."
    assert letter.attachments == (
        Attachment("Größe & Maß.pdf", "application/pdf", b"%PDF-1"),
        Attachment("winmail.dat", "application/ms-tnef", b"\x00\x01"),
        Attachment("list.csv", "text/csv", b"a,b\n"),
        Attachment("attachment 4.png", "image/png", b"\x89PNG"),
    )


def test_a_signatures_small_picture_is_no_file_and_a_pasted_large_one_is() -> None:
    def picture(size: int, name: str) -> str:
        data = base64.b64encode(b"\x89PNG" + bytes(size)).decode()
        head = (
            f"Content-Type: image/png; name={name}\nContent-ID: <{name}>\nContent-Transfer-Encoding: base64"
        )
        return f"{head}\n\n{data}"

    letter = read(multipart("Content-Type: text/plain\n\nSee", picture(500, "logo"), picture(30_000, "shot")))
    assert [one.name for one in letter.attachments] == ["shot"]


def test_a_mail_inside_a_mail_is_read_along_and_kept() -> None:
    inner = "From: Kim <kim@fernweh.example>\nSubject: Help\n\nNobody knows the tool."
    letter = read(
        multipart("Content-Type: text/plain\n\nSee below", f"Content-Type: message/rfc822\n\n{inner}")
    )
    assert (
        letter.words
        == "See below\n\nForwarded mail from Kim <kim@fernweh.example>: Help\n\nNobody knows the tool."
    )
    assert [(one.name, one.media_type) for one in letter.attachments] == [("Help.eml", "message/rfc822")]
    assert b"Nobody knows" in letter.attachments[0].content


def nested(depth: int, words: str = "deep words") -> str:
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    closing = "".join(f"--b{n}--\n" for n in reversed(range(depth)))
    return f"From: a@b.example\nMIME-Version: 1.0\n{opening}Content-Type: text/plain\n\n{words}\n{closing}"


@pytest.mark.parametrize("depth", [1, 100, 2000])
def test_however_deep_it_nests_a_mail_is_read(depth: int) -> None:
    """Deeper than anybody writes, the structure is shown as it stands, words and all."""
    letter = read(nested(depth))
    assert letter.sender == "a@b.example"
    assert letter.words == "deep words" or (depth > 120 and letter.words.startswith("--b0"))


def test_parts_that_are_not_there_are_text() -> None:
    broken = 'From: a@b.example\nContent-Type: multipart/mixed; boundary="nowhere"\n\nJust words.\n'
    without = "From: a@b.example\nContent-Type: multipart/mixed\n\nJust words.\n"
    assert (read(broken).words, read(without).words) == ("Just words.", "Just words.")


HEAD = "From: a@b.example\n"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\x00" * 1000,
        "no headers at all",
        ":\n:\n\n:",
        HEAD + "Content-Type: text/plain; name*\n\nx",  # IndexError in the newer header parser
        HEAD + "To: (c):\nCc: (x): a@b.com;\n\nx",
        HEAD + 'To: "\n\nx',
        HEAD + "Message-ID: <[b378dfc5@microsoft.com]>\n\nx",
        HEAD + "Content-Type: =?utf-8?q?text/plain?=\nContent-Disposition: =?utf-8?b?w?=\n\nx",
        HEAD + "Content-Disposition: attachment; filename*0*=utf-8''a; filename*2*=b; filename*x=c\n\nx",
        HEAD + "Content-Type: text/plain; charset*=utf-8'en'utf-8\n\nx",
        HEAD + "Content-Type: text/plain; charset*=bogus'en'%ff%fe\n\nx",
        HEAD + "Content-Transfer-Encoding: base64\n\n!!!garbage=== \x00 &&",
        HEAD + "Content-Transfer-Encoding: x-uuencode\n\nbegin 999 \n$$$",
        HEAD + "Content-Transfer-Encoding: quoted-printable\n\n=ZZ=\n=",
        HEAD + "Date: Fri, 99 Foo 99999 99:99:99 +9999\nReceived: \nX-\xff: y\n\nx",
        HEAD + "References: " + "<" * 15_000 + "\n\nx",
        HEAD + "Content-Type: text/plain; " + 'a="' * 5000 + "\n\nx",
        HEAD + "Content-Type: text/html\n\n" + "<div>" * 20_000 + "x",
        HEAD + "Content-Type: text/html\n\n" + "<!--" * 20_000,
        HEAD + "Content-Type: text/html\n\n<" + "a " * 20_000,
        HEAD + "Content-Type: text/html\n\n",
        HEAD + "".join("Content-Type: message/rfc822\n\nSubject: a\n" for _ in range(900)) + "\nhello",
        HEAD + "Content-Type: message/partial\n\nx",
        HEAD + "Content-Type: message/delivery-status\n\nA: b\n\nC: d\n",
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1") + "From: a@b\n\n\xff",
    ],
)
def test_the_worst_known_mails_are_read_without_complaint(raw: str) -> None:
    letter = read(raw.encode("latin-1"))
    whole = f"{letter.sender}\n{letter.sender_name}\n{letter.subject}\n{letter.words}"
    whole.encode()
    assert "\x00" not in whole


def test_ten_megabytes_are_read_in_seconds() -> None:
    mails = [
        HEAD + "\n" + "a line of words\n" * 700_000,
        HEAD + "\n" + "x" * 10_000_000,
        HEAD + "\n" + "\n" * 10_000_000,
        HEAD + "Content-Type: text/html\n\n" + "<p>words</p>" * 300_000,
        HEAD * 200_000,
        nested(100, "words\n" * 1_000_000),
    ]
    for mail in mails:
        began = time.monotonic()
        letter = read(mail)
        post.own_words(letter.words)
        assert letter.sender == "a@b.example"
        assert time.monotonic() - began < 15


@given(st.binary(max_size=2000))
@example(b"")
@settings(deadline=None)
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    check(raw)


TOKENS = st.sampled_from(
    [
        b"From: ", b"Subject: ", b"Content-Type: ", b"multipart/mixed; ", b"multipart/alternative", b"text/html", b"message/rfc822",
        b'boundary="b"', b"--b", b"--b--", b"\n", b"\r\n", b"\n\n", b" ", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"charset=", b"utf-16",
        b"name*0*=", b"filename=", b'"', b"<a@b.example>", b"<", b">", b"(", b"Content-Transfer-Encoding: base64", b"quoted-printable",
        b"Content-Disposition: attachment;", b"\x00", b"\xff\xfe", b"=", b"<p>", b"</blockquote>", b"<script>", b"x", b"-- \n", b"> ",
        b"On Monday Kim wrote:\n", b"Message-ID: ", b"References: ",
    ]
)  # fmt: skip


@given(st.lists(TOKENS | st.binary(max_size=8), max_size=60).map(b"".join))
@settings(deadline=None, max_examples=300)
def test_any_bits_of_mails_are_a_mail(raw: bytes) -> None:
    check(raw)


def check(raw: bytes) -> None:
    """All that is stored can be stored: text without NUL and halves of characters, and the same key each time."""
    letter = post.read(raw)
    own = post.own_words(letter.words)
    for text in (letter.sender, letter.sender_name, letter.subject, letter.words, own, post.key(raw)):
        assert "\x00" not in text
        text.encode()
    assert [re.search(r"[\x00-\x1f]", one.name) for one in letter.attachments] == [None] * len(
        letter.attachments
    )
    assert post.key(raw) == post.key(raw)
    assert len(post.key(raw)) <= 300


def test_the_key_knows_a_mail_again_and_tells_two_with_one_id_apart() -> None:
    mail = b"Message-ID: <1@x>\nFrom: a@b.example\nSubject: x\n\nhello\n"
    assert post.key(mail) == post.key(b"Received: by another way\r\n" + mail.replace(b"\n", b"\r\n"))
    assert post.key(mail) != post.key(mail.replace(b"hello", b"other"))
    assert post.key(mail.replace(b"Message-ID: <1@x>\n", b"")) != post.key(mail)


@pytest.mark.parametrize(
    ("words", "own"),
    [
        ("Yes, 24.\n\nOn Fri, Nov 20, 2026 at 10:00 AM Outsize <ld@x.example> wrote:\n\n> How many?\n> Link", "Yes, 24."),
        ("Ja, 24.\n\nAm Fr., 20. Nov. 2026 um 10:00 Uhr schrieb Outsize <ld@x.example>:\n\n> Wie viele?", "Ja, 24."),
        ("Oui.\n\nLe ven. 20 nov. 2026 à 10:00, Outsize <ld@x.example> a écrit :\n\n> Combien ?", "Oui."),
        ("Yes.\n\nFrom: Outsize <ld@x.example>\nSent: Friday, November 20, 2026 10:00\nTo: Rita\nSubject: A message\n\nHow?", "Yes."),
        ("Ja.\n\nVon: Outsize <ld@x.example>\nGesendet: Freitag, 20. November 2026 10:00\nAn: Rita\nBetreff: A\n\nHow?", "Ja."),
        ("Yes, 24.\n\n-- \nRita\nSales", "Yes, 24."),
        ("Yes.\n-- \nRita\n\nOn Fri, Nov 20, 2026 at 10:00 AM Outsize <ld@x.example> wrote:\n> How?", "Yes."),
        ("On Fri, Nov 20, 2026 at 10:00 AM Outsize <a@x.example> wrote:\n> How many?\n\n24.\n\n> When?\n\nMay.",
         "On Fri, Nov 20, 2026 at 10:00 AM Outsize <a@x.example> wrote:\n> How many?\n\n24.\n\n> When?\n\nMay."),
        ("From: the trade fair we need ten.\nOn Monday Peter wrote: nothing works.",
         "From: the trade fair we need ten.\nOn Monday Peter wrote: nothing works."),
        ("> only\n> quoted", "> only\n> quoted"),
        ("-- \nonly signed", "-- \nonly signed"),
        ("One\n---\nTwo", "One\n---\nTwo"),
        ("", ""),
        ("line\n" * 5000, ("line\n" * 5000).strip()),
    ],
)  # fmt: skip
def test_a_reply_is_what_its_writer_added(words: str, own: str) -> None:
    assert post.own_words(words) == own

"""The mail that asks somebody to answer a survey: in text and in HTML, without a picture, the first question in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from portfolio.links import Links
from portfolio.models import Invitation, Survey
from portfolio.rules.survey_mails import MOST_REMINDERS
from portfolio.rules.survey_questions import Question, questions_of

PRIVATE = "Your name isn't kept with your answers, and answers of fewer than five people are never shown to anybody."
_BUTTON = (
    "display:block;padding:12px 16px;margin:0 0 8px;border:1px solid #8b8f96;border-radius:8px;color:#0d6154;"
    "text-decoration:none;font-weight:600"
)
_MUTED = "color:#59626f;font-size:14px"


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def asked(invitation: Invitation, *, links: Links, reminder: int) -> Letter:
    """The first mail, or the `reminder` of that number."""
    survey, words = invitation.survey, invitation.survey.words or {}
    subject = words.get("subject") or survey.name
    first = next(iter(questions_of(survey.questions)), None)
    taps = _taps(invitation, first, links) if first is not None and first.by_press else []
    parts = _Parts(
        hello=f"Hello {invitation.person.display_name.split(' ')[0]},",
        lead=_lead(survey, reminder, words.get("intro", "")),
        question=first.label if first is not None and taps else "",
        taps=taps,
        page=links.answering(invitation),
        until=_until(survey.closes_on),
        stop=links.answering(invitation) + "/refusal",
        is_last=reminder >= MOST_REMINDERS,
    )
    return Letter(f"A reminder: {subject}" if reminder else subject, _text(parts), _html(parts))


@dataclass(frozen=True)
class _Parts:
    hello: str
    lead: str
    question: str
    taps: Sequence[tuple[str, str]]
    page: str
    until: str
    stop: str
    is_last: bool


def _taps(invitation: Invitation, first: Question, links: Links) -> list[tuple[str, str]]:
    return [
        (option, links.answering(invitation, first.key, number))
        for number, option in enumerate(first.options, start=1)
    ]


def _lead(survey: Survey, reminder: int, intro: str) -> str:
    if not reminder:
        return intro or f"We'd like to hear from you: {survey.name}"
    return f"This is still open with you, and a minute of yours would help: {survey.name}"


def _until(closes_on: date | None) -> str:
    return f"; open until {closes_on:%A}, {closes_on.day} {closes_on:%B}" if closes_on else ""


def _text(parts: _Parts) -> str:
    question = ""
    if parts.question:
        taps = "\n\n".join(f"{words}:\n{address}" for words, address in parts.taps)
        question = f"{parts.question}\n\nOpen what is true; nothing is sent before you confirm it there.\n\n{taps}\n\n"
    last = "This is the last reminder.\n\n" if parts.is_last else ""
    return (
        f"{parts.hello}\n\n{parts.lead}\n\n{question}"
        f"All questions on one page, without an account{parts.until}:\n{parts.page}\n\n{last}{PRIVATE}\n\n"
        f"Please ask me no more surveys:\n{parts.stop}"
    )


def _html(parts: _Parts) -> str:
    """One narrow column, colours that hold on light and dark, every button a plain link."""
    taps = "".join(
        f'<a href="{escape(address)}" style="{_BUTTON}">{escape(words)}</a>' for words, address in parts.taps
    )
    question = (
        f'<h2 style="font-size:18px;line-height:1.3;margin:24px 0 4px">{escape(parts.question)}</h2>'
        f'<p style="{_MUTED};margin:0 0 12px">Nothing is sent before you confirm it on the page.</p>{taps}'
        if parts.question
        else ""
    )
    last = "<p>This is the last reminder.</p>" if parts.is_last else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>A short survey</title></head>'
        '<body style="margin:0;padding:24px 16px;background:#ffffff;color:#1d242e">'
        '<div style="max-width:560px;margin:0 auto;font-family:system-ui,-apple-system,Segoe UI,sans-serif;font-size:16px;line-height:1.5">'
        f"<p>{escape(parts.hello)}</p><p>{escape(parts.lead)}</p>{question}"
        f'<p style="margin:24px 0"><a href="{escape(parts.page)}" style="color:#0d6154;font-weight:600">'
        f"All questions on one page</a>, without an account{escape(parts.until)}.</p>{last}"
        f'<p style="{_MUTED}">{escape(PRIVATE)}</p>'
        f'<p style="{_MUTED}"><a href="{escape(parts.stop)}" style="color:#59626f">Please ask me no more surveys</a></p>'
        "</div></body></html>"
    )

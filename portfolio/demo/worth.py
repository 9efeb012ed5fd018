"""What the invented projects cost and were worth: what an hour costs, hours booked, estimates, conclusions and two stories."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from portfolio import benefits, costs, proving, success_cases
from portfolio.benefits import Given
from portfolio.costs import Rates
from portfolio.models import Organisation, Person, Project
from portfolio.proving import NothingToConclude
from portfolio.rules.money import CostKind
from portfolio.states import EvidenceGrade

RATES = Rates(manager=62, expert=78, participant=44)
"""In euros an hour, with everything."""

HOURS = {
    "Six hours of the line lead": 6,
    "Ten hours of a senior in sales": 10,
    "Twelve hours of a shift lead": 12,
    "Two painters, one day": 16,
    "24 people, half a day each": 96,
    "62 people, one hour each": 62,
    "840 people, ten minutes each": 140,
    "Six painters, one day": 48,
}
"""Hours behind an amount, where its note tells them."""

SAID = {
    "Near misses at the loading ramp": (
        62,
        (
            (900, 0.6, 0.7, "Two damaged pallets fewer a quarter, by the damage list"),
            (1_400, 0.5, 0.6, "Ramp 3 stood still half a day less often"),
            (600, 0.7, 0.5, "One scratched forklift fewer"),
            (1_100, 0.4, 0.8, "Sick days after bruises, from the shift log"),
            (800, 0.5, 0.5, "Less time looking for who was where"),
            (2_000, 0.3, 0.4, "Damage list, shared with the new ramp marks"),
            (700, 0.6, 0.6, ""),
            (1_000, 0.5, 0.7, "Two damaged pallets fewer a quarter"),
            (40_000, 0.8, 0.3, "An accident that didn't happen"),
            (0, 0, 0.9, "Nothing changed for me"),
            (1_250, 0.5, 0.6, "Standstill of ramp 4, from the dispatch screen"),
        ),
    ),
}
"""How many were asked, and what they said: money a year, share due to the work, how sure, and what it rests on."""

WORDS = {
    "Motor bolts at the wrong torque": "The sheet stays on both lines. Line 2 got it as well and came down the same way.",
    "Quotes take four days": "Faster, and we can't yet say by how much. We read it for another quarter.",
    "Weld seams pass the inspection and crack later": "The course changed nothing. We looked at the wire next, and there it was.",
}

CASES: dict[str, dict[str, Any]] = {
    "Motor bolts at the wrong torque": {
        "step": "told",
        "succeeded": True,
        "who": "Tilda Probst",
        "role": "Assembler on Line 2, since March",
        "used": "The sheet above the bench: 28 Nm, crosswise, a yellow mark on each bolt.",
        "result": "No loose motor among the 340 bikes of her first two months.",
        "evidence": "The returns list of Line 2, and the yellow marks that the test ride checks.",
        "helped": "Her lead showed it once and stood beside her for three bikes.",
        "barriers": "In the first week the pens were gone by noon.",
        "quote": "I don't have to ask anybody any more, and nobody has to ask me.",
        "may_quote": True,
    },
    "Weld seams pass the inspection and crack later": {
        "step": "told",
        "succeeded": False,
        "role": "Welder with twelve years of practice",
        "used": "Two days at the institute, a folder with test pieces.",
        "result": "The seams cracked as before.",
        "evidence": "The crack reports of the eight weeks after.",
        "helped": "",
        "barriers": "It wasn't the welding. A new wire came in the same month, and nobody who knew that was asked.",
        "may_quote": False,
    },
}


VALUED_BY = {
    "Loose-motor returns a month": "240 in freight and work for each return, twelve months, as Quality counts it",
    "Days until a quote is out": "margin of the orders lost to a faster offer, by Sales",
    "Share that clicks": "hours of IT for each infected machine, by IT",
    "Leave within 90 days": "finding and training a new assembler, by HR",
    "Cases with a second request": "twenty minutes of Service for each case, by Service",
    "Seams cracked on the bench, per 1,000": "frames scrapped, at cost, by Quality",
    "Frames painted twice": "paint and an hour of the line for each frame, by Controlling",
}
"""Who says what one unit of a measure is worth."""


def set_rates(session: Session, ours: Organisation, *, by: Person, at: datetime) -> None:
    """Say what an hour costs."""
    costs.set_rates(session, ours, RATES, least=EvidenceGrade.ESTIMATE, by=by, at=at)


def book(
    session: Session,
    project: Project,
    lines: tuple[tuple[str, float, str], ...],
    *,
    on: date,
    by: Person,
    at: datetime,
) -> None:
    """Write a project's costs down; the manager's own hours are on its cards."""
    for kind, amount, note in lines:
        hours = HOURS.get(note)
        costs.add(
            session,
            project,
            kind=CostKind(kind),
            amount=None if hours else amount,
            hours=hours,
            rate=amount / hours if hours else None,
            note=note,
            on=on,
            by=by,
            at=at,
        )


def conclude(session: Session, project: Project, *, by: Person, at: datetime) -> None:
    """Ask what it was worth where nothing else tells, write a story down, and freeze what is known."""
    asked, said = SAID.get(project.name, (None, ()))
    for amount, isolation, confidence, basis in said:
        given = Given(amount, isolation, confidence, basis)
        benefits.add(session, project, given, on=at.date(), by=by, at=at)
    benefits.say_asked(session, project, asked, by=by, at=at)
    if project.name in CASES:
        success_cases.begin(session, project, **CASES[project.name], by=by, at=at)
    try:
        proving.conclude(session, project, words=WORDS.get(project.name, ""), by=by, at=at)
    except NothingToConclude:
        return

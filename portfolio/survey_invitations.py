"""Who is asked to answer a survey: invited, written to by day and rarely, left alone where they want none.

An invitation knows whether somebody answered and on which day, never what.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from portfolio import mails, organisation, participants, survey_letters
from portfolio.database import hold
from portfolio.history import record
from portfolio.links import Links
from portfolio.models import Absence, Invitation, LearningRequest, Person, Project, Survey
from portfolio.rules.survey_mails import DAYS_BETWEEN, Waiting, chosen, may_write, next_on
from portfolio.rules.survey_templates import LEAD, LEARNER, REQUESTER
from portfolio.surveys import Closed, SurveyRefused, beginning_of, local_day

MOST_INVITED = 20_000
MAILS_AT_ONCE = 100


def invite(
    session: Session, survey: Survey, people: Iterable[Person], *, by: Person | None, at: datetime
) -> int:
    """Ask people to answer; returns how many are new. Who wants no surveys is not asked. Raises Closed, SurveyRefused."""
    hold(session, survey)
    if survey.closed_at is not None:
        raise Closed("This survey is closed, so nobody can be asked any more.")
    known = set(session.scalars(select(Invitation.person_id).where(Invitation.survey_id == survey.id)))
    new = {one.id: one for one in people if one.id not in known and may_be_asked(one)}
    if len(known) + len(new) > MOST_INVITED:
        raise SurveyRefused("people", f"A survey asks at most {MOST_INVITED:,} people.")
    first = local_day(session, at) if survey.is_open else None
    session.add_all(
        Invitation(survey_id=survey.id, person_id=number, next_on=first, added_at=at) for number in new
    )
    if survey.is_open:
        survey.sent_count += len(new)
    if new:
        session.flush()
        record(session, "survey.invited", survey, by=by, at=at, count=len(new))
    return len(new)


def take_back(session: Session, survey: Survey, invitation: Invitation, *, by: Person, at: datetime) -> None:
    """Don't ask somebody after all. Raises SurveyRefused where the survey isn't a draft any more: the share that answered would
    change with it."""
    hold(session, survey)
    if not survey.is_draft:
        raise SurveyRefused("people", "They were asked already.")
    session.delete(invitation)
    record(session, "survey.invitation_taken_back", survey, by=by, at=at)


def refuse(session: Session, person: Person, *, at: datetime) -> None:
    """ "Please ask me no more surveys": nothing is mailed to them any more; what is open they may still answer by its link."""
    if person.no_surveys_at is not None:
        return
    person.no_surveys_at = at
    session.execute(
        update(Invitation)
        .where(
            Invitation.person_id == person.id,
            Invitation.answered_on.is_(None),
            Invitation.refused_on.is_(None),
        )
        .values(next_on=None, refused_on=local_day(session, at))
    )
    record(session, "person.surveys_refused", person, by=person, at=at)


def allow_again(session: Session, person: Person, *, at: datetime) -> None:
    """They may be asked after all, from the next survey on."""
    if person.no_surveys_at is not None:
        person.no_surveys_at = None
        record(session, "person.surveys_allowed", person, by=person, at=at)


# What the clock does


def write_due(session: Session, *, links: Links, at: datetime, limit: int = MAILS_AT_ONCE) -> int:
    """Queue the mails that are due, with what was sent noted in the same transaction; returns how many. At night, on weekends and
    at once again: none. Two clocks at once wait for each other."""
    ours = organisation.current(session)
    if ours is None or not may_write(at.astimezone(organisation.zone(ours))):
        return 0
    hold(session, ours)
    today = local_day(session, at)
    rested = beginning_of(session, today - timedelta(days=DAYS_BETWEEN - 1))
    due = {one.id: one for one in session.scalars(_due(today, rested).limit(limit))}
    last = _last_mailed(session, {one.person_id for one in due.values()}, rested)
    written = chosen([_waiting(one) for one in due.values()], last, today=today)
    for one in written:
        _write(session, due[one.invitation], links=links, today=today, at=at)
    return len(written)


# Queries


def find(session: Session, number: int) -> Invitation | None:
    if not 0 < number < 2**31:
        return None
    return session.scalar(
        select(Invitation)
        .where(Invitation.id == number)
        .options(joinedload(Invitation.survey), joinedload(Invitation.person))
    )


def of_person(session: Session, survey: Survey, person: Person) -> Invitation | None:
    """Somebody's own invitation to a survey."""
    return session.scalar(
        select(Invitation).where(Invitation.survey_id == survey.id, Invitation.person_id == person.id)
    )


def of_survey(session: Session, survey: Survey, *, limit: int = MOST_INVITED) -> list[Invitation]:
    """Who is asked, by name."""
    return list(
        session.scalars(
            select(Invitation)
            .join(Invitation.person)
            .where(Invitation.survey_id == survey.id)
            .options(contains_eager(Invitation.person))
            .order_by(func.lower(Person.name), Person.email)
            .limit(limit)
        )
    )


def not_asked_yet(session: Session, survey: Survey) -> list[Person]:
    """Those of the project whom the survey is for, who may be asked and aren't."""
    known = set(session.scalars(select(Invitation.person_id).where(Invitation.survey_id == survey.id)))
    return [one for one in people_for(session, survey) if one.id not in known and may_be_asked(one)]


def people_for(session: Session, survey: Survey) -> list[Person]:
    """Whom a survey of this audience asks in its project: who took part, their leads, or who asked for it."""
    if survey.project is None:
        return []
    return of_audience(session, survey.project, survey.audience, survey.session_id)


def may_be_asked(person: Person) -> bool:
    """Whether they are here and didn't say that they want no surveys."""
    return person.no_surveys_at is None and person.erased_at is None


# Below: how the verbs above do it


def of_audience(
    session: Session, project: Project, audience: str, session_id: int | None = None
) -> list[Person]:
    """Whom an audience means in a project; of those who take part, only the ones of one session where it is given."""
    taking_part = [
        one
        for one in participants.of(session, project)
        if one.state != participants.ABSENT and session_id in (None, one.session_id)
    ]
    if audience == LEARNER:
        return [one.person for one in taking_part]
    if audience == LEAD:
        return list({one.lead.id: one.lead for one in taking_part if one.lead is not None}.values())
    asked = session.get(LearningRequest, project.learning_request_id) if project.learning_request_id else None
    return [asked.requester] if asked is not None and audience == REQUESTER else []


def _due(today: date, rested: datetime) -> Select[Any]:
    """Invitations whose mail is due, the most urgent first: the survey is open, and the person is here, wants to be asked and has
    not been written to about any survey since `rested`."""
    away = (
        select(Absence.id)
        .where(Absence.person_id == Invitation.person_id, Absence.from_on <= today, Absence.until_on >= today)
        .exists()
    )
    other = aliased(Invitation)
    lately = (
        select(other.id).where(other.person_id == Invitation.person_id, other.last_sent_at >= rested).exists()
    )
    return (
        select(Invitation)
        .join(Invitation.survey)
        .join(Invitation.person)
        .where(
            Invitation.next_on <= today,
            Invitation.answered_on.is_(None),
            Invitation.refused_on.is_(None),
            Survey.opened_at.is_not(None),
            Survey.closed_at.is_(None),
            or_(Survey.closes_on.is_(None), Survey.closes_on >= today),
            Person.no_surveys_at.is_(None),
            Person.erased_at.is_(None),
            ~away,
            ~lately,
        )
        .options(contains_eager(Invitation.survey), contains_eager(Invitation.person))
        .order_by(Invitation.last_sent_at.is_not(None), Survey.closes_on, Invitation.id)
        .with_for_update(of=Invitation, skip_locked=True)
    )


def _last_mailed(session: Session, people: Iterable[int], since: datetime) -> dict[int, date]:
    """The day of the last mail about any survey, of those who got one since."""
    zone = organisation.zone(organisation.current(session))
    rows = session.execute(
        select(Invitation.person_id, func.max(Invitation.last_sent_at))
        .where(Invitation.person_id.in_(people), Invitation.last_sent_at >= since)
        .group_by(Invitation.person_id)
    )
    return {person: at.astimezone(zone).date() for person, at in rows if at is not None}


def _waiting(one: Invitation) -> Waiting:
    return Waiting(one.id, one.person_id, one.last_sent_at is None, one.reminders, one.survey.closes_on)


def _write(session: Session, one: Invitation, *, links: Links, today: date, at: datetime) -> None:
    one.reminders += one.last_sent_at is not None
    one.last_sent_at = at
    one.next_on = next_on(one.reminders, one.survey.closes_on, today=today)
    letter = survey_letters.asked(one, links=links, reminder=one.reminders)
    mails.queue(
        session,
        to=one.person.email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        about=f"survey:{one.survey_id}",
        at=at,
    )

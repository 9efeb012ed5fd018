"""Answers from other programs' surveys: recognised, matched with those of earlier years, taken in once and without names."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from portfolio import imports, privacy, survey_imports, survey_results
from portfolio.database import Database
from portfolio.importing.mapping import BadMapping
from portfolio.importing.survey_reading import Found, columns_of, recognise
from portfolio.importing.survey_words import alike, in_order, may_be_one, wording
from portfolio.importing.surveys import SurveyMapping, parsed
from portfolio.imports import NotWaiting
from portfolio.links import Links
from portfolio.models import Event, Import, Person, Response, Survey
from portfolio.participants import pseudonym_of
from portfolio.sheets import Unreadable, opened, sheet
from portfolio.survey_imports import Looked
from tests.conftest import Cast
from tests.factory import a_project
from tests.imports.files import an_xlsx, shared

MS_FORMS = """Id,Start time,Completion time,Email,Name,"How sure are you\u00a0now?",Which will you use?,Anything <strong>else</strong>?
1,10/13/2026 9:00:00 AM,10/13/2026 9:05:00 AM,rita@fernweh.example,Rita Requester,Very sure,Checklist;Sheet;,Thank you all for this day
2,10/13/2026 9:01:00 AM,10/13/2026 9:06:00 AM,anonymous,,Not sure,Sheet;,
3,10/13/2026 9:02:00 AM,10/13/2026 9:07:00 AM,anonymous,,very sure ,Checklist;,It was long but the examples were ours
4,10/14/2026 9:02:00 AM,10/14/2026 9:07:00 AM,anonymous,,Somewhat sure,Checklist;Colleague;,
5,10/14/2026 9:03:00 AM,10/14/2026 9:08:00 AM,anonymous,,Somewhat sure,Colleague;Sheet;,
6,10/14/2026 9:03:00 AM,10/14/2026 9:08:00 AM,anonymous,,,,
"""
TYPEFORM = """Git,Mercurial,Subversion,Other,Has it <strong>helped</strong>?,Start Date (UTC),Submit Date (UTC)
Git,,,,1,2026-10-04 12:24:06,2026-10-04 12:31:04
Git,Mercurial,,,1,2026-10-04 12:24:06,2026-10-04 12:31:05
,,,my own,0,2026-10-04 12:24:06,2026-10-04 12:31:06
,,,,0,2026-10-04 12:24:06,2026-10-04 12:31:07
Git,,,,1,2026-10-04 12:24:06,2026-10-05 12:31:04
"""
GOOGLE = """Timestamp,Email Address,Score,Did you use it?,Which of these do you use?
2026/09/27 3:00:00 PM GMT+3,a@x.example,4 / 5,Yes,"Python, R"
2026/09/27 3:10:00 PM GMT+3,b@x.example,4 / 5,No,Python
2026/09/28 3:00:00 PM GMT+3,c@x.example,3 / 5,Yes,R
2026/09/28 3:00:00 PM GMT+3,d@x.example,5 / 5,Yes,"Python, C, R"
2026/09/28 3:00:00 PM GMT+3,e@x.example,5 / 5,Yes,"C, R"
"""
YEAR_ONE = """Submitter,Submitter Email,Submission Date,Post: Which tools have you started using?,Post: What is your position?,Post: Has it helped?
,,2025-10-01 09:00:00+00:00,Git; Tests,Lead,Yes
,,2025-10-01 09:01:00+00:00,Git,Expert,Yes
,,2025-10-01 09:02:00+00:00,Tests,Expert,No
,,2025-10-01 09:03:00+00:00,Git; Review,Lead,Yes
,,2025-10-01 09:04:00+00:00,Git; Tests,Expert,Yes
,,2025-10-01 09:05:00+00:00,Git,Expert,Yes
"""
YEAR_TWO = YEAR_ONE.replace("2025-", "2026-").replace(
    "Which tools have you started using", "Which tools or workflows have you started using"
)


def found_in(text: str | bytes) -> Found:
    content = text.encode() if isinstance(text, str) else text
    return recognise(columns_of(sheet(opened(content))))


def asked(found: Found) -> list[tuple[Any, ...]]:
    return [(one.label, one.kind, one.options, one.sign) for one in found.asked]


class Desk:
    """Somebody who brings files."""

    def __init__(self, database: Database, cast: Cast, links: Links, now: datetime) -> None:
        self.database, self.manager, self.links, self.now = database, cast.manager, links, now

    def look(self, content: str | bytes, name: str = "answers.csv", **changes: Any) -> tuple[int, Looked]:
        """Upload a file and look at it, read as `changes` say."""
        with self.database.writing() as session:
            given = content.encode() if isinstance(content, str) else content
            file = survey_imports.start(session, name=name, content=given, by=self.manager, at=self.now)
            if changes:
                mapping = SurveyMapping.model_validate({**file.mapping, **changes})
                survey_imports.change_mapping(session, file, mapping)
            return file.id, survey_imports.look(session, file)

    def take(
        self, content: str | bytes, name: str = "answers.csv", **changes: Any
    ) -> tuple[int, dict[str, int]]:
        """Take a file in; the survey it went to, and what became of its rows."""
        number, _ = self.look(content, name, **changes)
        with self.database.writing() as session:
            file = imports.find(session, number)
            assert file is not None
            survey = survey_imports.take(session, file, links=self.links, by=self.manager, at=self.now)
            return survey.id, {fate: count for fate, count in file.account["counts"].items() if count}

    def counts(self, survey: int) -> dict[str, dict[str, int]]:
        with self.database.reading() as session:
            found = survey_results.shown(session, session.get_one(Survey, survey), now=self.now)
            return {one.label: {bar.option: bar.people for bar in one.bars} for one in found.questions}

    def responses(self, survey: int) -> Sequence[Response]:
        with self.database.reading() as session:
            return session.scalars(
                select(Response).where(Response.survey_id == survey).order_by(Response.id)
            ).all()


@pytest.fixture
def desk(database: Database, cast: Cast, links: Links, now: datetime) -> Desk:
    return Desk(database, cast, links, now)


# --- what is recognised ---


def test_microsoft_forms_is_recognised_and_names_are_left_out() -> None:
    found = found_in(MS_FORMS)
    assert (found.program, found.when, found.row_id, found.address) == (
        "Microsoft Forms",
        "Completion time",
        "Id",
        "Email",
    )
    assert asked(found) == [
        ("How sure are you now?", "scale", ("Not sure", "Somewhat sure", "Very sure"), ""),
        ("Which will you use?", "many", ("Checklist", "Sheet", "Colleague"), ";"),
        ("Anything else?", "text", (), ""),
    ]
    assert {one.column: one.why for one in found.left_out} == {
        "Id": "The row's number.",
        "Start time": "Times of the program.",
        "Completion time": "When it was answered.",
        "Email": "Names and addresses are never kept with answers.",
        "Name": "Names and addresses are never kept with answers.",
    }


def test_a_semicolon_at_the_end_says_that_there_may_be_several() -> None:
    found = found_in("Which?,x\n" + "Checklist;Sheet;,1\n" * 6)
    assert (found.asked[0].kind, found.asked[0].options) == ("many", ("Checklist", "Sheet"))


def test_typeform_spreads_one_question_over_columns_up_to_its_other() -> None:
    found = found_in(TYPEFORM)
    assert found.program == "Typeform"
    assert [(one.label, one.kind, one.options, one.other) for one in found.asked] == [
        (
            "Which of these: Git, Mercurial, Subversion",
            "many",
            ("Git", "Mercurial", "Subversion", "Other"),
            "Other",
        ),
        ("Has it helped?", "one", ("0", "1"), ""),
    ]
    assert [one.named for one in found.asked] == [False, True]


def test_google_forms_joins_by_commas_and_knows_zones() -> None:
    found = found_in(GOOGLE)
    assert (found.program, found.when) == ("Google Forms", "Timestamp")
    assert asked(found) == [
        ("Did you use it?", "one", ("Yes", "No"), ""),
        ("Which of these do you use?", "many", ("R", "Python", "C"), ", "),
    ]


def test_a_comma_inside_an_answer_does_not_cut_it() -> None:
    rows = (
        ["Which applies to you?"]
        + ["I have just finished, and am still there"] * 6
        + ["I have finished, and went home"] * 5
    )
    found = found_in("\n".join(f'"{row}"' if "," in row else row for row in rows))
    assert found.asked[0].kind == "one"
    assert len(found.asked[0].options) == 2


def test_indico_writes_the_name_of_the_survey_before_each_question() -> None:
    found = found_in(YEAR_ONE)
    assert (found.program, found.name) == ("Indico", "Post")
    assert [one.label for one in found.asked] == [
        "Which tools have you started using?",
        "What is your position?",
        "Has it helped?",
    ]


def test_a_list_of_things_is_not_taken_for_answers() -> None:
    rows = "\n".join(f"2026-10-{day:02},Lund,{day}" for day in range(1, 20))
    assert found_in(f"start_date,host,attendance\n{rows}\n").is_of_people is False
    assert found_in(YEAR_ONE).is_of_people is True


@pytest.mark.parametrize(
    ("header", "ratings", "options"),
    [
        ("How likely would you recommend it?", ["9", "10", "1", "8"], [str(rating) for rating in range(11)]),
        ("Rating", ["1", "5", "3", "4"], ["1", "2", "3", "4", "5"]),
    ],
)
def test_ratings_are_steps_of_a_scale(header: str, ratings: list[str], options: list[str]) -> None:
    found = found_in("\n".join([f"{header},x", *(f"{rating},a" for rating in ratings * 3)]))
    assert (found.asked[0].kind, list(found.asked[0].options)) == ("scale", options)


def test_a_code_people_gave_themselves_is_left_out() -> None:
    rows = "\n".join(f"{number}abcde,{'Yes' if number % 2 else 'No'}" for number in range(9))
    found = found_in(f"UniqueID,Did it help?\n{rows}")
    assert [(one.column, one.why) for one in found.left_out] == [("UniqueID", "A code for each person.")]


@pytest.mark.parametrize(
    "steps",
    [
        ["Strongly Disagree", "Disagree", "Neither Agree nor Disagree", "Agree", "Strongly Agree"],
        ["Never", "Rarely", "Sometimes", "Often", "All of the time"],
        ["None of it", "Some of it", "About half of it", "Most of it", "All of it"],
        ["Not at all able", "Slightly able", "Neutral", "Moderately able", "Extremely able"],
        [
            "Less motivated",
            "Slightly less motivated",
            "No change in motivation",
            "More motivated",
            "Much more motivated",
        ],
        ["Too slow", "Slightly slow", "Just right", "Slightly fast", "Too fast"],
        ["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
    ],
)
def test_steps_of_usual_scales_are_put_in_order(steps: list[str]) -> None:
    assert in_order(sorted(steps)) == tuple(steps)


def test_words_that_are_no_scale_have_no_order() -> None:
    assert in_order(["Yes", "No"]) is None
    assert in_order(["Agree", "Blue"]) is None


def test_a_wording_is_read_without_its_dress() -> None:
    assert wording("What is the\u00a0<strong>system</strong> ?&amp;") == "What is the system?&"


def test_only_what_is_spelt_almost_alike_may_be_one_answer() -> None:
    assert may_be_one("Workflow systems (Snakemake)", "Workflow systems (e.g. Snakemake)")
    assert may_be_one("Very needed", "Very neded")
    for other in ("Not needed", "Fortran 77", "Slightly needed"):
        assert not may_be_one("Very needed", other)
    assert not may_be_one("Fortran 77", "Fortran 90")
    assert not may_be_one(
        "I don't use it and I don't know what it is", "I don't use it but I know what it is"
    )


def test_questions_of_other_numbers_are_not_alike() -> None:
    assert alike("How was day 1?", "How was day 2?") == 0
    assert (
        alike("Which tools have you started using?", "Which tools or workflows have you started using?") > 0.8
    )


# --- taking in ---


@pytest.mark.both
def test_answers_are_taken_in_without_names_on_the_beginning_of_their_day(desk: Desk) -> None:
    survey, counts = desk.take(MS_FORMS)
    assert counts == {"created": 5, "refused": 1}
    assert desk.counts(survey) == {
        "How sure are you now?": {"Not sure": 1, "Somewhat sure": 2, "Very sure": 2},
        "Which will you use?": {"Checklist": 3, "Sheet": 3, "Colleague": 2},
        "Anything else?": {},
    }
    first = desk.responses(survey)[0]
    assert first.answers == {
        "how_sure_are_you": "Very sure",
        "which_will_you_use": ["Checklist", "Sheet"],
        "anything_else": "Thank you all for this day",
    }
    assert first.answered_at == datetime(2026, 10, 12, 22, tzinfo=UTC)  # midnight in Berlin
    assert (first.pseudonym, first.groups) == (None, None)
    with desk.database.reading() as session:
        kept = session.scalars(select(Import)).one()
        assert kept.content is None
        assert (
            "rita"
            not in str(
                [kept.account, kept.mapping, [one.details for one in session.scalars(select(Event))]]
            ).lower()
        )


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    survey, _ = desk.take(MS_FORMS)
    before = desk.counts(survey)
    _, looked = desk.look(MS_FORMS)
    assert looked.taken_before
    assert desk.take(MS_FORMS) == (survey, {"already_here": 5, "refused": 1})
    assert desk.counts(survey) == before


def test_a_later_export_brings_only_what_is_new_and_shows_it_from_five_on(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "post.csv")
    more = YEAR_ONE + "".join(f",,2025-10-02 09:0{number}:00+00:00,Git,Lead,No\n" for number in range(3))
    assert desk.take(more, "post (1).csv") == (survey, {"created": 3, "already_here": 6})
    assert desk.counts(survey)["Has it helped?"] == {"Yes": 5, "No": 1}
    yet_more = more + "".join(f",,2025-10-03 09:0{number}:00+00:00,Git,Lead,No\n" for number in range(2))
    assert desk.take(yet_more, "post (2).csv") == (survey, {"created": 2, "already_here": 9})
    assert desk.counts(survey)["Has it helped?"] == {"Yes": 5, "No": 6}


def test_rows_alike_in_one_file_are_as_many_people(desk: Desk) -> None:
    rows = "Has it helped?,Sure?\n" + "Yes,No\n" * 6
    survey, counts = desk.take(rows)
    assert counts == {"created": 6}
    assert desk.take(rows) == (survey, {"already_here": 6})


def test_ones_and_noughts_are_yes_and_no_until_somebody_says_otherwise(desk: Desk) -> None:
    _, looked = desk.look(TYPEFORM)
    assert looked.asks_ones
    survey, _ = desk.take(TYPEFORM)
    assert desk.counts(survey)["Has it helped?"] == {"No": 2, "Yes": 3}
    numbers, _ = desk.take(TYPEFORM, "numbers.csv", survey=None, ones_mean_yes=False, source_name="numbers")
    assert desk.counts(numbers)["Has it helped?"] == {"0": 2, "1": 3}


def test_a_column_of_other_answers_counts_as_other_and_its_words_are_not_kept(desk: Desk) -> None:
    survey, _ = desk.take(TYPEFORM)
    assert "my own" not in str([one.answers for one in desk.responses(survey)])
    with desk.database.reading() as session:
        found = session.get_one(Survey, survey)
        key = found.questions[0]["key"]
    assert [one.answers.get(key) for one in desk.responses(survey)] == [
        ["Git"],
        ["Git", "Mercurial"],
        ["Other"],
        None,
        ["Git"],
    ]


# --- several years in one survey ---


def test_questions_of_the_same_words_find_each_other_and_alike_ones_are_asked_about(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "2025.csv")
    _, looked = desk.look(YEAR_TWO, "2026.csv")
    assert looked.survey is not None
    assert looked.survey.id == survey
    assert [(one.label, bool(one.known), one.perhaps_label) for one in looked.matches] == [
        ("Which tools or workflows have you started using?", False, "Which tools have you started using?"),
        ("What is your position?", True, ""),
        ("Has it helped?", True, ""),
    ]


def test_left_alone_alike_questions_stay_apart(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "2025.csv")
    assert desk.take(YEAR_TWO, "2026.csv") == (survey, {"created": 6})
    counts = desk.counts(survey)
    assert counts["Which tools have you started using?"] == {"Git": 5, "Tests": 3, "Review": 1}
    assert counts["Which tools or workflows have you started using?"] == {"Git": 5, "Tests": 3, "Review": 1}
    assert counts["Has it helped?"] == {"Yes": 10, "No": 2}


def test_said_to_be_the_same_they_count_together_and_are_known_next_year(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "2025.csv")
    _, looked = desk.look(YEAR_TWO, "2026.csv")
    same = {looked.matches[0].asked.first: looked.matches[0].perhaps}
    assert desk.take(YEAR_TWO, "2026.csv", same=same) == (survey, {"created": 6})
    assert list(desk.counts(survey)) == [
        "Which tools have you started using?",
        "What is your position?",
        "Has it helped?",
    ]
    assert desk.counts(survey)["Which tools have you started using?"] == {"Git": 10, "Tests": 6, "Review": 2}
    three = YEAR_TWO.replace("2026-", "2027-").replace("Post: What is your position?", "Post: Role?")
    _, later = desk.look(three, "2027.csv")
    assert [bool(one.known) for one in later.matches] == [True, False, True]
    with desk.database.reading() as session:
        broken = survey_results.breakdown(session, session.get_one(Survey, survey), now=desk.now)
    assert broken is not None
    assert [(part.name, part.distribution.answered) for part in broken.parts["has_it_helped"]] == [
        ("2025", 6),
        ("2026", 6),
    ]


def test_answers_spelt_almost_alike_are_asked_about_and_merged_when_told(desk: Desk) -> None:
    text = (
        "Which do you use?,Sure?\n"
        + "Workflow systems (Snakemake),Yes\n" * 5
        + "Workflow systems (e.g. Snakemake),No\n" * 4
    )
    _, looked = desk.look(text)
    assert [(one.word, one.other, one.said) for one in looked.words] == [
        ("Workflow systems (e.g. Snakemake)", "Workflow systems (Snakemake)", "apart")
    ]
    one = looked.words[0]
    survey, _ = desk.take(text, words=[{"column": one.column, "word": one.word, "same_as": one.other}])
    assert desk.counts(survey)["Which do you use?"] == {"Workflow systems (Snakemake)": 9}


def test_a_survey_offers_more_answers_when_a_later_year_does(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "2025.csv")
    desk.take(YEAR_ONE.replace("2025-", "2026-").replace("Review", "Containers"), "2026.csv")
    assert desk.counts(survey)["Which tools have you started using?"] == {
        "Git": 10,
        "Tests": 6,
        "Review": 1,
        "Containers": 1,
    }


# --- people, groups, bases ---


def test_people_we_know_get_a_pseudonym_where_a_project_is_chosen(desk: Desk, cast: Cast) -> None:
    with desk.database.writing() as session:
        project = a_project(session, by=cast.manager)
    survey, _ = desk.take(MS_FORMS, project=project.id)
    kept = [one.pseudonym for one in desk.responses(survey)]
    assert kept == [pseudonym_of(desk.links, project, cast.requester), None, None, None, None]
    with desk.database.reading() as session:
        assert session.scalars(select(Person).where(Person.email.contains("anonymous"))).all() == []


def test_erasing_somebody_cuts_the_way_to_what_they_answered_elsewhere(desk: Desk, cast: Cast) -> None:
    with desk.database.writing() as session:
        project = a_project(session, by=cast.manager)
    survey, _ = desk.take(MS_FORMS, project=project.id)
    before = desk.counts(survey)
    with desk.database.writing() as session:
        person = session.get_one(Person, cast.requester.id)
        privacy.erase(session, person, links=desk.links, by=cast.manager, at=desk.now)
    assert desk.responses(survey)[0].pseudonym != pseudonym_of(desk.links, project, cast.requester)
    assert desk.counts(survey) == before


def test_results_may_be_broken_down_by_a_question_of_the_file(desk: Desk) -> None:
    text = "Where do you work?,Has it helped?\n" + "Plant,Yes\n" * 7 + "Office,No\n" * 6 + "Shop,No\n" * 2
    survey, _ = desk.take(text, by="Where do you work?", asked=30)
    with desk.database.reading() as session:
        found = session.get_one(Survey, survey)
        broken = survey_results.breakdown(session, found, now=desk.now)
        shown = survey_results.shown(session, found, now=desk.now)
    assert broken is not None
    assert [(part.name, part.distribution.answered) for part in broken.parts["has_it_helped"]] == [
        ("Plant", 7),
        ("Office, Shop", 8),
    ]
    assert (shown.answered, shown.asked, shown.rate) == (15, 30, 0.5)


def test_an_unknown_number_of_people_asked_leaves_no_response_rate(desk: Desk) -> None:
    survey, _ = desk.take(YEAR_ONE, "2025.csv", asked=10)
    desk.take(YEAR_TWO, "2026.csv")
    with desk.database.reading() as session:
        shown = survey_results.shown(session, session.get_one(Survey, survey), now=desk.now)
    assert (shown.asked, shown.rate) == (0, None)


# --- refusals ---


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"Name,Email\nKim,kim@x.example\n", "no question"), (b"PK\x03\x04", "damaged")],
)
def test_what_cannot_be_read_leaves_nothing_behind(desk: Desk, content: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        desk.look(content)
    with desk.database.reading() as session:
        assert session.scalars(select(Import)).all() == []


def test_a_file_is_taken_once(desk: Desk) -> None:
    number, _ = desk.look(YEAR_ONE)
    with desk.database.writing() as session:
        file = imports.find(session, number)
        assert file is not None
        survey_imports.take(session, file, links=desk.links, by=desk.manager, at=desk.now)
        with pytest.raises(NotWaiting):
            survey_imports.take(session, file, links=desk.links, by=desk.manager, at=desk.now)


def test_answers_go_into_no_survey_that_people_answer_here(desk: Desk) -> None:
    with desk.database.writing() as session:
        ours = Survey(kind="own", questions=[], created_at=desk.now)
        session.add(ours)
        session.flush()
        number = ours.id
    with pytest.raises(BadMapping, match="no such survey of files"):
        desk.look(YEAR_ONE, survey=number)


def test_a_mapping_says_what_is_wrong_with_it() -> None:
    with pytest.raises(BadMapping, match="source_name"):
        parsed({"source_name": ""})


def test_an_xlsx_is_taken_like_a_csv(desk: Desk) -> None:
    first = datetime(2026, 10, 5, 9, tzinfo=UTC).replace(tzinfo=None)  # a sheet knows no zones
    rows: list[list[Any]] = [["Completion time", "Start time", "Did it help?"]]
    rows += [[first.replace(minute=minute), None, "Yes"] for minute in range(6)]
    survey, counts = desk.take(an_xlsx(*rows), "answers.xlsx")
    assert counts == {"created": 6}
    assert desk.counts(survey) == {"Did it help?": {"Yes": 6}}


# --- files others made ---


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "program", "rows", "kinds"),
    [
        ("20180908_post_clean", "", 967, {"scale": 32, "one": 5, "text": 2}),
        ("all_workshops", "", 1869, {"one": 2, "number": 1, "text": 4}),
        ("indico_2018", "Indico", 38, {"one": 4, "many": 5, "text": 2}),
        ("indico_2019-a", "Indico", 35, {"one": 4, "many": 5, "text": 2}),
        ("indico_2019_tartu-april", "Indico", 29, {"one": 9, "many": 5, "text": 2}),
        ("indico_2020_online-oct", "Indico", 83, {"one": 11, "many": 5, "text": 2}),
        ("typeform_2016_espoo-dec", "Typeform", 25, {"one": 7, "many": 5}),
        ("typeform_2017", "", 27, {"one": 18}),
    ],
)
def test_a_real_export_is_taken_whole_and_once(
    desk: Desk, name: str, program: str, rows: int, kinds: dict[str, int]
) -> None:
    content = shared(f"evaluations/{name}.csv").read_bytes()
    _, looked = desk.look(content, f"{name}.csv")
    found = looked.found
    assert (found.program, found.is_of_people) == (program, name != "all_workshops")
    kept = [one.kind for one in looked.matches]
    assert {kind: kept.count(kind) for kind in sorted(set(kept))} == dict(sorted(kinds.items()))
    survey, counts = desk.take(content, f"{name}.csv")
    assert counts == {"created": rows}
    assert desk.take(content, f"{name}.csv") == (survey, {"already_here": rows})


@pytest.mark.shared
def test_the_net_promoter_score_of_the_real_evaluations(desk: Desk) -> None:
    """Oracle NPS-2: 889 rated, 501 promoters, 317 passives, 71 detractors, 48.37."""
    survey, _ = desk.take(shared("evaluations/20180908_post_clean.csv").read_bytes(), "post.csv")
    with desk.database.reading() as session:
        shown = survey_results.shown(session, session.get_one(Survey, survey), now=desk.now)
    found = next(one.promoters for one in shown.questions if one.promoters)
    assert (found.people, found.promoters, found.passives, found.detractors) == (889, 501, 317, 71)
    assert found.score == pytest.approx(48.37, abs=0.005)


@pytest.mark.shared
def test_years_of_real_post_workshop_surveys_become_one(desk: Desk) -> None:
    survey, _ = desk.take(shared("evaluations/indico_2018.csv").read_bytes(), "indico_2018.csv")
    content = shared("evaluations/indico_2019-a.csv").read_bytes()
    _, looked = desk.look(content, "indico_2019-a.csv")
    assert looked.survey is not None
    assert looked.survey.id == survey
    assert (
        sum(bool(one.known) for one in looked.matches),
        sum(bool(one.perhaps) for one in looked.matches),
    ) == (7, 4)
    same = {one.asked.first: one.perhaps for one in looked.matches if one.perhaps}
    assert desk.take(content, "indico_2019-a.csv", same=same) == (survey, {"created": 35})
    third = shared("evaluations/typeform_2017.csv").read_bytes()
    assert desk.take(third, "typeform_2017.csv", survey=survey) == (survey, {"created": 27})
    with desk.database.reading() as session:
        found = session.get_one(Survey, survey)
        shown = survey_results.shown(session, found, now=desk.now)
        broken = survey_results.breakdown(session, found, now=desk.now)
    helped = next(one for one in shown.questions if one.label.startswith("Has it become easier"))
    assert [(bar.option, bar.people) for bar in helped.bars] == [("Yes", 32 + 33 + 14), ("No", 6 + 2 + 5)]
    assert (shown.answered, helped.answered) == (100, 92)
    assert broken is not None
    assert [(part.name, part.distribution.answered) for part in broken.parts[helped.key]] == [
        ("indico_2018", 38), ("indico_2019-a", 35), ("typeform_2017", 19),
    ]  # fmt: skip


@pytest.mark.shared
def test_a_question_spread_over_columns_is_asked_about_when_another_file_has_its_words(desk: Desk) -> None:
    survey, _ = desk.take(shared("evaluations/indico_2019_tartu-april.csv").read_bytes(), "tartu.csv")
    content = shared("evaluations/typeform_2016_espoo-dec.csv").read_bytes()
    _, looked = desk.look(content, "espoo.csv", survey=survey)
    assert [
        (one.perhaps_label, one.why) for one in looked.matches if not one.asked.named and one.perhaps
    ] == [
        ("Are you using version control? If yes, which?", "They offer the same answers."),
        (
            "Which programming languages are you using or will you use in your projects?",
            "They offer the same answers.",
        ),
        ("How do you document your code?", "They offer the same answers."),
        (
            "Are you using a web-based repository for your code(s)? Which ones?",
            "They offer the same answers.",
        ),
    ]

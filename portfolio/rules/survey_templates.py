"""The surveys Outsize comes with: what people can do and did, in choices that say what they mean.

After Will Thalheimer's idea of performance-focused questions: each answer describes a situation somebody is in, so that the
answers are counted and never averaged. The wording is our own. What somebody says of themselves is a perception (LTEM tier 3),
also when it is about use at work; what their lead has seen is transfer (tier 7).
"""

from dataclasses import dataclass, replace

from portfolio.rules.survey_questions import MANY, TEXT, Question

LEARNER, LEAD, REQUESTER, ANYONE = "learner", "manager", "requester", "anyone"
AUDIENCES = (
    (LEARNER, "Those who take part"),
    (LEAD, "Their leads"),
    (REQUESTER, "Who asked for it"),
    (ANYONE, "Anybody with the link"),
)
OWN = "own"
"""The kind of a survey that comes from no template."""


@dataclass(frozen=True)
class Template:
    """A survey to start from. `days_after` counts from launch or the session; `subject` and `intro` are the mail's words, in
    which {project} stands for its name."""

    key: str
    name: str
    audience: str
    days_after: int | None
    subject: str
    intro: str
    questions: tuple[Question, ...]

    def about(self, project: str) -> "Template":
        """The same with the project's name in it."""
        return replace(
            self,
            subject=self.subject.replace("{project}", project),
            intro=self.intro.replace("{project}", project),
            questions=tuple(
                replace(one, label=one.label.replace("{project}", project)) for one in self.questions
            ),
        )


_PERCEIVED, _SEEN = 3, 7

_READY = Question(
    "ready", "How well could you do this at work tomorrow?",
    options=(
        "I wouldn't know where to begin", "Only with somebody beside me", "Alone, with the notes or a checklist", "Alone, without help",
        "Well enough to show others",
    ),
    level=2, tier=_PERCEIVED, required=True,
)  # fmt: skip
_HINDERED = Question(
    "hindered", "What stands in your way most?",
    options=(
        "Nothing", "There is no time for it", "A tool or material is missing", "My lead wants it done otherwise",
        "I'm not sure enough how", "It hardly ever comes up in my work",
    ),
    level=3, tier=_PERCEIVED,
)  # fmt: skip

_AT_END = (
    _READY,
    Question(
        "practised", "How much did you try it yourself?",
        options=(
            "Not at all", "Once, in an easy case", "Several times, in easy cases", "In a case like those at my work",
            "In several cases like mine, and somebody told me how I did",
        ),
        level=1, tier=_PERCEIVED,
    ),
    Question(
        "first_use", "When will you use it first?",
        options=("This week", "This month", "Later, and I know when", "I don't know", "I don't expect to"),
        level=1, tier=_PERCEIVED,
    ),
    replace(_HINDERED, key="obstacle", label="What is most likely to stop you?"),
    Question(
        "backed", "What have you got for the time after?", kind=MANY,
        options=(
            "Somebody I can ask", "A checklist or sheet for my desk", "My lead and I agreed what I'll try", "Time set aside to practise",
            "None of these",
        ),
        level=1, tier=_PERCEIVED,
    ),
    Question(
        "better", "What one change would have made it more useful to you? Please name nobody.", kind=TEXT, level=1, tier=_PERCEIVED
    ),
)  # fmt: skip

_USED = Question(
    "used", "In the last two weeks, when it was due, how often did you do it the way you learned?",
    options=("Every time", "More often than not", "Once or twice", "Never, though it was due", "It was never due"),
    level=3, tier=_PERCEIVED, required=True,
)  # fmt: skip
_DIFFERENCE = Question(
    "difference", "What has changed in your work by it?",
    options=(
        "A lot; others notice it too", "A little, for the better", "Nothing so far", "It takes longer or got worse", "I haven't used it yet",
    ),
    level=3, tier=_PERCEIVED,
)  # fmt: skip
_HELPED = Question(
    "helped", "What helped you to do it?", kind=MANY,
    options=(
        "What I practised", "The checklist or sheet", "My lead, who asked about it", "A colleague", "Time set aside for it", "Nothing did",
    ),
    level=3, tier=_PERCEIVED,
)  # fmt: skip
_LASTING = Question(
    "lasting", "Compared with the first weeks, you do it now …",
    options=("more often", "as often", "less often", "not any more", "I never began"),
    level=3, tier=_PERCEIVED,
)  # fmt: skip
_EXAMPLE = Question(
    "example",
    "One thing you did, and what came of it. Please name nobody.",
    kind=TEXT,
    level=4,
    tier=_PERCEIVED,
)

_SEEN_USED = Question(
    "seen", "Of your people who took part: how many do you see doing it at work?",
    options=("All of them", "Most", "A few", "None yet", "I have no way to see it"),
    level=3, tier=_SEEN, required=True,
)  # fmt: skip
_SEEN_CHANGE = Question(
    "change", "What has it changed in your team's work?",
    options=(
        "A figure we watch has moved the right way", "I see a change, but no figure shows it", "Nothing so far", "Something got worse",
        "It's too early to say",
    ),
    level=4, tier=_SEEN,
)  # fmt: skip
_BACKING = Question(
    "backing", "What have you done so that they use it?", kind=MANY,
    options=(
        "Said beforehand what it is for", "Asked afterwards what they'll try", "Gave them time or a real task for it", "Asked how it goes",
        "Shown it myself", "Nothing yet",
    ),
    level=3, tier=_PERCEIVED,
)  # fmt: skip
_TEAM_HINDERED = replace(
    _HINDERED,
    label="What stands in their way most?",
    options=(
        "Nothing", "There is no time for it", "A tool or material is missing", "Our rules or goals reward something else",
        "They aren't sure enough how", "It hardly ever comes up",
    ),
)  # fmt: skip


def _follow_up(days: int, questions: tuple[Question, ...]) -> Template:
    return Template(
        f"learner_{days}", f"Learners, {days} days after", LEARNER, days, "One minute: how is it going with “{project}”?",
        "You took part in “{project}”. Do you use it, and what gets in the way? What you say decides what we mend.", questions,
    )  # fmt: skip


def _leads(days: int, questions: tuple[Question, ...]) -> Template:
    return Template(
        f"lead_{days}", f"Leads, {days} days after", LEAD, days, "One minute: what do you see of “{project}”?",
        "Some of your people took part in “{project}”. You see their work; we don't. Please tell us what you see.", questions,
    )  # fmt: skip


SHIPPED: dict[str, Template] = {
    one.key: one
    for one in (
        Template(
            "end_of_event", "At the end", LEARNER, 0, "One minute: could you do it tomorrow? “{project}”",
            "Thank you for taking part in “{project}”. Please tell us what you can do now and what might stop you.", _AT_END,
        ),
        _follow_up(30, (_USED, _DIFFERENCE, _HELPED, _HINDERED)),
        _follow_up(60, (_USED, _DIFFERENCE, _HINDERED, _EXAMPLE)),
        _follow_up(90, (_USED, _LASTING, _DIFFERENCE, _HINDERED, _EXAMPLE)),
        _leads(30, (_SEEN_USED, _BACKING, _TEAM_HINDERED)),
        _leads(60, (_SEEN_USED, _SEEN_CHANGE, _TEAM_HINDERED)),
        _leads(90, (_SEEN_USED, _SEEN_CHANGE, _BACKING)),
        Template(
            "requester", "Who asked for it", REQUESTER, 30, "Did it help? “{project}”",
            "You asked for this. Please tell us whether what we did has helped; it decides what happens next.",
            (
                Question(
                    "solved", "The problem you came with: how does it stand today?",
                    options=("It's solved", "It's smaller", "It's as it was", "It has grown", "It's too early to say"),
                    level=4, tier=_PERCEIVED, required=True,
                ),
                Question(
                    "in_time", "Was our help there when you needed it?",
                    options=("In time", "Late, but it still helped", "Too late to help"), level=1, tier=_PERCEIVED,
                ),
                Question(
                    "easy", "How much work was it for you to get help from us?",
                    options=("Hardly any", "Some, and it was worth it", "More than it was worth", "I nearly gave up"), level=1, tier=_PERCEIVED,
                ),
                Question(
                    "next", "What should happen now?",
                    options=("Nothing, this is done", "The same for more people", "A next step for the same people", "Something else altogether"),
                    level=1, tier=_PERCEIVED,
                ),
                Question("words", "Anything we should know?", kind=TEXT, level=1, tier=_PERCEIVED),
            ),
        ),
        Template(
            "success_case", "Looking for success stories", LEARNER, 45, "One minute: did something come of “{project}”?",
            "We look for what worked and for what didn't, to tell it truly. You took part in “{project}”; what became of it?",
            (
                Question(
                    "outcome", "Have you used it, and what came of it?",
                    options=(
                        "I used it, and there is a result I could show", "I used it; the result is hard to name", "I tried it, and it didn't work",
                        "I haven't tried yet", "There was no occasion",
                    ),
                    level=3, tier=_PERCEIVED, required=True,
                ),
                Question("story", "What did you do, and what came of it?", kind=TEXT, level=4, tier=_PERCEIVED),
                Question("why_not", "If it didn't work or you didn't try: what was in the way?", kind=TEXT, level=3, tier=_PERCEIVED),
                Question(
                    "contact", "May we ask you about it? Then leave your name here, and with it your answers are no longer nameless.",
                    kind=TEXT, level=3, tier=_PERCEIVED,
                ),
            ),
        ),
        Template(
            "needs", "Before we make anything", ANYONE, None, "Two minutes before we make anything: “{project}”",
            "Before we make anything, we'd like to know what your work needs. Perhaps it isn't training at all.",
            (
                Question(
                    "how_often", "How often does your work need this?",
                    options=("Every day", "Every week", "Now and then", "Hardly ever", "Never"), level=1, tier=_PERCEIVED, required=True,
                ),
                replace(_READY, label="How well can you do it today?", required=False),
                Question(
                    "in_the_way", "What gets in the way?", kind=MANY,
                    options=(
                        "I don't know how", "I know how but lack practice", "There is no time for it", "Tools or the process hinder",
                        "Nobody says what good looks like", "Doing it well makes no difference for me", "Nothing",
                    ),
                    level=3, tier=_PERCEIVED,
                ),
                Question(
                    "would_help", "What would help most?",
                    options=(
                        "A checklist or example at hand", "Somebody to ask", "Practice with feedback", "A course or workshop",
                        "A better tool or process", "A decision by our leads", "Nothing is needed",
                    ),
                    level=1, tier=_PERCEIVED,
                ),
                Question("goes_wrong", "What goes wrong today for lack of it? Please name nobody.", kind=TEXT, level=4, tier=_PERCEIVED),
            ),
        ),
    )
}  # fmt: skip
"""By key, in the order they are offered."""

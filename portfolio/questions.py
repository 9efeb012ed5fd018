"""The intake form as a value: questions with their kinds, order and conditions, and version 1 as Outsize ships it."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from portfolio.rules.fit import QUESTIONS as CAUSE_QUESTIONS
from portfolio.rules.rubric import DEFAULT

FORM_VERSION = 1


class Kind(StrEnum):
    """What an answer looks like. AUDIENCE and DEMAND are ours alone; all others a manager may choose."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    ONE_OF = "one_of"
    MANY_OF = "many_of"
    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    MEASURE = "measure"
    FILE = "file"
    STEP = "step"
    AUDIENCE = "audience"
    DEMAND = "demand"


PARTS: dict[Kind, tuple[str, ...]] = {
    Kind.DATE: ("on", "why"),
    Kind.PERSON: ("name", "email"),
    Kind.MEASURE: ("name", "today", "wanted", "by"),
    Kind.AUDIENCE: ("who", "count"),
}
"""Kinds whose answer has several fields: `deadline` is typed into `deadline_on` and `deadline_why`."""


@dataclass(frozen=True)
class Condition:
    """Asked only when an earlier question was answered so: with one of `values`, or at all where there are none."""

    question: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question of the form.

    `options` are (value, label); `longest` counts characters; `unit` names what a number counts. `always` asks everybody, the
    others are asked where the answer could change the decision. `internal` is for the manager alone. `units` and `types` ask only
    people of these units or requests of these types. `feeds` names the input of the score an answer stands for; `why` says to
    the person what the answer is for.
    """

    key: str
    label: str
    help: str = ""
    kind: Kind = Kind.TEXT
    options: tuple[tuple[str, str], ...] = ()
    longest: int = 500
    unit: str = ""
    required: bool = False
    always: bool = False
    internal: bool = False
    only_if: tuple[Condition, ...] = ()
    units: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    feeds: str = ""
    why: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the manager added it; the others came with Outsize and can be reworded, moved or left out."""
        return self.key not in SHIPPED

    @property
    def fields(self) -> tuple[str, ...]:
        """The names its answer is typed under."""
        if self.kind is Kind.MANY_OF:
            return tuple(f"{self.key}__{value}" for value, _ in self.options)
        parts = PARTS.get(self.kind)
        return tuple(f"{self.key}_{part}" for part in parts) if parts else (self.key,)


@dataclass(frozen=True)
class Form:
    """One version of the whole form, in the order it is asked. `types` are (key, label); with any, the first question is which."""

    version: int
    questions: tuple[Question, ...]
    types: tuple[tuple[str, str], ...] = ()

    def __hash__(self) -> int:
        """Cheap, for it is asked for often; equality still compares everything."""
        return hash((self.version, len(self.questions)))

    @property
    def always(self) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if one.always and not one.internal)

    @property
    def on_demand(self) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if not one.always and not one.internal)

    @property
    def internal(self) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if one.internal)

    @property
    def own(self) -> tuple[Question, ...]:
        return tuple(one for one in self.questions if one.is_own)

    def question(self, key: str) -> Question | None:
        return next((one for one in self.questions if one.key == key), None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(body: dict[str, Any]) -> Form:
    """The form kept as `body`. Raises KeyError, TypeError or ValueError where it isn't one."""
    return Form(
        version=int(body["version"]),
        questions=tuple(_question(one) for one in body["questions"]),
        types=tuple((str(key), str(words)) for key, words in body.get("types", ())),
    )


def _question(body: dict[str, Any]) -> Question:
    return Question(
        **{
            **body,
            "kind": Kind(body.get("kind", "text")),
            "options": tuple((str(value), str(words)) for value, words in body.get("options", ())),
            "only_if": tuple(
                Condition(one["question"], tuple(one.get("values", ()))) for one in body.get("only_if", ())
            ),
            "units": tuple(body.get("units", ())),
            "types": tuple(body.get("types", ())),
        }
    )


NEEDED = frozenset({"title", "problem"})
"""Without these a request says nothing: they can be reworded and moved, never left out or made optional."""

_ALWAYS = (
    Question(
        "title", "A short title", "One line, as you'd say it to a colleague.", longest=200, required=True
    ),
    Question(
        "problem",
        "What is the problem or opportunity?",
        "In your own words. What happens, how often, who notices?",
        Kind.LONG_TEXT,
        longest=8000,
        required=True,
    ),
    Question(
        "behaviour",
        "What should people do that they don't do now?",
        "Something you could watch someone doing.",
        Kind.LONG_TEXT,
        longest=4000,
    ),
    Question(
        "audience",
        "Who, and about how many?",
        "A rough count or a range such as 40-60 is fine.",
        Kind.AUDIENCE,
        feeds="people",
        why="How many people it reaches counts in the ranking.",
    ),
    Question(
        "measure",
        "Which number should move?",
        "Its value today, the value you want, and by when. Leave open what you don't know.",
        Kind.MEASURE,
        feeds="gap",
        why="The gap between today and the value you want is what a solution has to close.",
    ),
    Question("if_nothing", "What happens if we do nothing?", "", Kind.LONG_TEXT, longest=4000),
    Question(
        "deadline",
        "Is there a date, and why that date?",
        "Only if something depends on it.",
        Kind.DATE,
        feeds="waiting",
        why="A date with a reason says what waiting costs.",
    ),
)
CORE = tuple(replace(question, always=True) for question in _ALWAYS)

YES_NO = (("yes", "Yes"), ("no", "No"), ("unsure", "Not sure"))


def _steps(criterion: str) -> tuple[tuple[str, str], ...]:
    anchors = DEFAULT.criterion(criterion).anchors
    return tuple((str(step), text.capitalize()) for step, text in enumerate(anchors))


_CAUSE_WHY = "It tells whether training would help, or something else would help sooner."

ON_DEMAND = (
    *(
        Question(key, label, kind=Kind.ONE_OF, options=YES_NO, feeds="cause", why=_CAUSE_WHY)
        for key, label in CAUSE_QUESTIONS.items()
    ),
    Question("waiting", "What does waiting cost?", kind=Kind.STEP, options=_steps("waiting"), feeds="waiting",
             why="What can't wait goes before what can."),
    Question("risk", "What could go wrong if people can't do this?", kind=Kind.STEP, options=_steps("risk"), feeds="risk",
             why="A serious risk moves a request up."),
    Question("value_per_year", "What would success be worth a year?", "In your currency; a range is fine.", Kind.NUMBER,
             unit="a year", feeds="value", why="Even a rough figure narrows the doubt more than anything else you could add."),
    Question("format", "Is there a form you have in mind?", kind=Kind.ONE_OF,
             options=tuple((kind.key, kind.label) for kind in DEFAULT.work_types), feeds="format",
             why="What it would become decides how much work it is."),
    Question("finished_hours", "How many hours of learning, at most?", "Per person; a range is fine.", Kind.NUMBER,
             unit="hours", feeds="finished_hours", why="Shorter is quicker to make, and sooner with you."),
    Question("expert_hours", "How many hours can an expert give?", "In all; a range is fine.", Kind.NUMBER,
             unit="hours", feeds="expert_hours", why="With an expert's time it can start sooner."),
    Question("existing", "What material exists already?", kind=Kind.LONG_TEXT, longest=4000),
    Question("tried", "What has been tried so far?", kind=Kind.LONG_TEXT, longest=4000),
    Question("who_does_it_well", "Who already does it well?", longest=500),
    Question("sponsor", "Who backs this?", longest=200),
    Question("mandatory", "Is it required by a rule? Which one?", longest=500, feeds="risk",
             why="What a law or a standard asks for goes first."),
    Question("language", "Which languages are needed?", longest=200),
    Question("access_needs", "Any access needs to plan for?", longest=1000),
    Question("budget", "Is there a budget?", longest=200),
)  # fmt: skip

DEMAND = Question("demand", "How many asked for it, by grade", kind=Kind.DEMAND)
"""Never asked: a needs survey counts it."""

BY_KEY = {question.key: question for question in (*CORE, *ON_DEMAND, DEMAND)}
SHIPPED = frozenset({*BY_KEY, "goal", "type"})
FIRST = Form(FORM_VERSION, (*CORE, *ON_DEMAND))


def label(key: str) -> str:
    """The words of a shipped question, or the key itself for any other."""
    return BY_KEY[key].label if key in BY_KEY else key.replace("_", " ")

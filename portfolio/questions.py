"""The intake form, version 1: the seven questions always asked and those asked on demand."""

from dataclasses import dataclass

from portfolio.rules.fit import QUESTIONS as CAUSE_QUESTIONS
from portfolio.rules.rubric import DEFAULT

FORM_VERSION = 1


@dataclass(frozen=True)
class Question:
    """One field of the form. `kind`: text, long_text, step (0..5), number, choice; `options` are (value, label)."""

    key: str
    label: str
    help: str = ""
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()
    longest: int = 500


CORE = (
    Question("title", "A short title", "What would you call it in one line?", longest=200),
    Question(
        "problem",
        "What is the problem or opportunity?",
        "In your own words. What happens, how often, who notices?",
        "long_text",
        longest=8000,
    ),
    Question(
        "behaviour",
        "What should people do that they don't do now?",
        "Something you could watch someone doing.",
        "long_text",
        longest=4000,
    ),
    Question("audience", "Who, and about how many?", "A rough count or a range such as 40-60 is fine.", "audience"),
    Question(
        "measure",
        "Which number should move?",
        "Its value today, the value you want, and by when. Leave open what you don't know.",
        "measure",
    ),
    Question("if_nothing", "What happens if we do nothing?", "", "long_text", longest=4000),
    Question("deadline", "Is there a date, and why that date?", "Only if something depends on it.", "deadline"),
)  # fmt: skip

YES_NO = (("yes", "Yes"), ("no", "No"), ("unsure", "Not sure"))


def _steps(criterion: str) -> tuple[tuple[str, str], ...]:
    anchors = DEFAULT.criterion(criterion).anchors
    return tuple((str(step), text.capitalize()) for step, text in enumerate(anchors))


ON_DEMAND = (
    *(Question(key, label, kind="choice", options=YES_NO) for key, label in CAUSE_QUESTIONS.items()),
    Question("waiting", "What does waiting cost?", kind="step", options=_steps("waiting")),
    Question("risk", "What could go wrong if people can't do this?", kind="step", options=_steps("risk")),
    Question("value_per_year", "What would success be worth a year?", "In your currency; a range is fine.", "number"),
    Question(
        "format",
        "Is there a form you have in mind?",
        kind="choice",
        options=tuple((kind.key, kind.label) for kind in DEFAULT.work_types),
    ),
    Question("finished_hours", "How many hours of learning, at most?", "Per person; a range is fine.", "number"),
    Question("expert_hours", "How many hours can an expert give?", "In all; a range is fine.", "number"),
    Question("existing", "What material exists already?", kind="long_text", longest=4000),
    Question("tried", "What has been tried so far?", kind="long_text", longest=4000),
    Question("who_does_it_well", "Who already does it well?", longest=500),
    Question("sponsor", "Who backs this?", longest=200),
    Question("mandatory", "Is it required by a rule? Which one?", longest=500),
    Question("language", "Which languages are needed?", longest=200),
    Question("access_needs", "Any access needs to plan for?", longest=1000),
    Question("budget", "Is there a budget?", longest=200),
    Question("demand", "How many asked for it, by grade", kind="demand"),
)  # fmt: skip

BY_KEY = {question.key: question for question in (*CORE, *ON_DEMAND)}


def label(key: str) -> str:
    """The words of a question, or the key itself for a question this version doesn't know."""
    return BY_KEY[key].label if key in BY_KEY else key.replace("_", " ")

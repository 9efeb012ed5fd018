"""Addresses we hand out: signed, so that nobody can guess one."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlencode

from portfolio.models import (
    AskedQuestion,
    Draft,
    ExpertAsk,
    Invitation,
    LearningRequest,
    Nudge,
    Person,
    Resource,
    Share,
    Supporter,
    Survey,
)
from portfolio.settings import Settings


@dataclass(frozen=True)
class Links:
    """Makes addresses under `base_url`, signed with `secret_key`."""

    base_url: str
    secret_key: str

    @classmethod
    def of(cls, settings: Settings) -> "Links":
        return cls(settings.base_url, settings.secret_key)

    def key(self, purpose: str, *parts: object) -> str:
        """128 bits nobody can guess, the same each time."""
        text = "/".join([purpose, *map(str, parts)])
        digest = hmac.new(self.secret_key.encode(), text.encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    def tracking_path(self, learning_request: LearningRequest) -> str:
        return f"/requests/{learning_request.id}/{self.tracking_key(learning_request)}"

    def tracking(self, learning_request: LearningRequest) -> str:
        return self.base_url + self.tracking_path(learning_request)

    def tracking_key(self, learning_request: LearningRequest) -> str:
        return self.key("tracking", learning_request.id, learning_request.link_version)

    def opens(self, learning_request: LearningRequest, key: str) -> bool:
        """Whether `key` is this request's current tracking key."""
        return hmac.compare_digest(self.tracking_key(learning_request).encode(), key.encode())

    def draft_path(self, draft: Draft) -> str:
        return f"/drafts/{draft.id}/{self.draft_key(draft)}"

    def draft(self, draft: Draft) -> str:
        return self.base_url + self.draft_path(draft)

    def draft_key(self, draft: Draft) -> str:
        return self.key("draft", draft.id, draft.link_version)

    def opens_draft(self, draft: Draft, key: str) -> bool:
        """Whether `key` is this draft's current key."""
        return hmac.compare_digest(self.draft_key(draft).encode(), key.encode())

    def resource_path(self, resource: Resource) -> str:
        """What anybody sees of a resource who was shown it."""
        return f"/library/{resource.id}/{self.key('resource', resource.id)}"

    def resource(self, resource: Resource) -> str:
        return self.base_url + self.resource_path(resource)

    def joining_path(self, learning_request: LearningRequest) -> str:
        """Where somebody who was shown this request may join it."""
        return f"/requests/{learning_request.id}/supporters/{self.key('joining', learning_request.id)}"

    def support_path(self, supporter: Supporter) -> str:
        return f"/support/{supporter.id}/{self.support_key(supporter)}"

    def support(self, supporter: Supporter) -> str:
        return self.base_url + self.support_path(supporter)

    def support_key(self, supporter: Supporter) -> str:
        return self.key("support", supporter.id, supporter.link_version)

    def question_path(self, asked: AskedQuestion) -> str:
        """Where one question is answered. Useless once the request's own link has been renewed."""
        return f"/questions/{asked.id}/{self.question_key(asked)}"

    def question(self, asked: AskedQuestion, answer: str = "") -> str:
        """The same for mails; with `answer` it is chosen already, and only has to be confirmed."""
        chosen = f"?{urlencode({'answer': answer})}" if answer else ""
        return self.base_url + self.question_path(asked) + chosen

    def question_key(self, asked: AskedQuestion) -> str:
        return self.key("question", asked.id, asked.link_version, asked.learning_request.link_version)

    def opens_question(self, asked: AskedQuestion, key: str) -> bool:
        """Whether `key` is this question's current key."""
        return hmac.compare_digest(self.question_key(asked).encode(), key.encode())

    def task_path(self, asked: ExpertAsk) -> str:
        """Where an expert does what they are asked for, without an account."""
        return f"/tasks/{asked.id}/{self.task_key(asked)}"

    def task(self, asked: ExpertAsk) -> str:
        return self.base_url + self.task_path(asked)

    def task_key(self, asked: ExpertAsk) -> str:
        return self.key("task", asked.id, asked.link_version)

    def opens_task(self, asked: ExpertAsk, key: str) -> bool:
        """Whether `key` is this ask's current key."""
        return hmac.compare_digest(self.task_key(asked).encode(), key.encode())

    def tasks_path(self, person: Person) -> str:
        """All that an expert is asked for. Renewing their calendar addresses renews this too."""
        return f"/tasks/of/{person.id}/{self.tasks_key(person)}"

    def tasks(self, person: Person) -> str:
        return self.base_url + self.tasks_path(person)

    def tasks_key(self, person: Person) -> str:
        return self.key("tasks", person.id, person.feed_version)

    def nudge_path(self, asked: Nudge, about: LearningRequest) -> str:
        """Where who asked says whether it is still needed. Useless once the request's own link has been renewed."""
        return f"/nudges/{asked.id}/{self.nudge_key(asked, about)}"

    def nudge(self, asked: Nudge, about: LearningRequest, answer: str = "") -> str:
        """The same for mails; with `answer` it is chosen already, and only has to be confirmed."""
        chosen = f"?{urlencode({'answer': answer})}" if answer else ""
        return self.base_url + self.nudge_path(asked, about) + chosen

    def nudge_key(self, asked: Nudge, about: LearningRequest) -> str:
        return self.key("nudge", asked.id, about.link_version)

    def share_path(self, share: Share) -> str:
        """Where people without an account read one edition, until the share expires or is ended."""
        return f"/shared/{share.id}/{self.share_key(share)}"

    def share(self, share: Share) -> str:
        return self.base_url + self.share_path(share)

    def share_key(self, share: Share) -> str:
        return self.key("share", share.id, share.edition_id)

    def opens_share(self, share: Share, key: str) -> bool:
        """Whether `key` is this share's; whether it is still open is another question."""
        return hmac.compare_digest(self.share_key(share).encode(), key.encode())

    def answering_path(self, invitation: Invitation) -> str:
        """Where somebody answers a survey they were invited to, without an account."""
        return f"/answers/{invitation.id}/{self.answering_key(invitation)}"

    def answering(self, invitation: Invitation, question: str = "", answer: int = 0) -> str:
        """The same for mails; with the number of an `answer` to a `question` it is chosen already, and has only to be confirmed."""
        chosen = f"?{urlencode({'question': question, 'answer': answer})}" if question else ""
        return self.base_url + self.answering_path(invitation) + chosen

    def answering_key(self, invitation: Invitation) -> str:
        return self.key("answer", invitation.id, invitation.link_version)

    def survey_path(self, survey: Survey) -> str:
        """Where anybody with the link answers a survey that asks nobody by name."""
        return f"/surveys/{survey.id}/open/{self.key('survey', survey.id)}"

    def survey(self, survey: Survey) -> str:
        return self.base_url + self.survey_path(survey)

    def fits(self, key: str, purpose: str, *parts: object) -> bool:
        """Whether `key` is the one for these parts."""
        return hmac.compare_digest(self.key(purpose, *parts).encode(), key.encode())

    def page(self, path: str) -> str:
        return self.base_url + path

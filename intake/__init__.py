"""The door for asking: the form, drafts of it, and the tracking page."""

from intake import (
    asking,
    attachments,
    drafts,
    library,
    nudges,
    own,
    questions,
    suggestions,
    supporters,
    tracking,
)
from web.doors import Door

router = Door()
for part in (asking, suggestions, supporters, library, drafts, attachments, own, questions, nudges, tracking):
    router.include_router(part.router)

__all__ = ["router"]

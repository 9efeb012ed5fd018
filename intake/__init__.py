"""The door for asking: the form, drafts of it, and the tracking page."""

from fastapi import APIRouter

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

router = APIRouter()
for part in (asking, suggestions, supporters, library, drafts, attachments, own, questions, nudges, tracking):
    router.include_router(part.router)

__all__ = ["router"]

"""All that the door to proof and reports answers, put together."""

from reports import designs, routes, shares
from web.doors import Door

router = Door(include_in_schema=False)
for part in (
    designs,  # before routes: "designs" is no number
    routes,
    shares,
):
    router.include_router(part.router)

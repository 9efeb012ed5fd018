"""The clock: what happens without anybody asking for it.

One flow a file; file, flow and deployment carry the same name, and `prefect.yaml` lists when each runs. A task is one
transaction, safe to repeat: it takes and returns ids and counts and calls one action of `portfolio`. A task called as
`task.fn(...)` and a flow as its parts are plain functions that need no Prefect.

`worker.py` is the long-lived process that runs all of it beside the web; `connection.py` says which database.
"""

NAMES = (
    "score_requests",
    "plan_capacity",
    "send_mails",
    "send_news",
    "run_automations",
    "fetch_mails",
    "track_iterations",
    "place_requests",
    "forecast",
    "ask_next",
    "forget_politely",
    "remind_experts",
    "ask_surveys",
    "collect_measures",
    "fetch_learning",
    "publish_report",
    "take_imports",
    "keep_house",
)

"""Invented boards, written as the programs document their exports."""

import json
from typing import Any

TO_DO, DOING, DONE = "list-to-do", "list-doing", "list-done"


def trello_id(at: str, number: int) -> str:
    """A Trello id: the second it was made in, as eight hexadecimal digits, and sixteen more."""
    from datetime import datetime

    return f"{int(datetime.fromisoformat(at).timestamp()):08x}{number:016x}"


def a_move(card: str, at: str, before: str, after: str) -> dict[str, Any]:
    return {
        "type": "updateCard",
        "date": at,
        "idMemberCreator": "m1",
        "data": {
            "card": {"id": card},
            "listBefore": {"id": before, "name": before},
            "listAfter": {"id": after, "name": after},
        },
    }


def a_creation(card: str, at: str, place: str) -> dict[str, Any]:
    return {
        "type": "createCard",
        "date": at,
        "data": {"card": {"id": card}, "list": {"id": place, "name": place}},
    }


FINISHED = trello_id("2026-09-01T08:00:00+00:00", 1)
UNDER_WAY = trello_id("2026-10-01T08:00:00+00:00", 2)
WAITING = trello_id("2026-11-01T08:00:00+00:00", 3)
AWAY = trello_id("2026-08-01T08:00:00+00:00", 4)


def a_trello_board(**changes: Any) -> dict[str, Any]:
    """Four cards: one finished, one under way whose making is beyond the last actions, one waiting, one archived."""
    board: dict[str, Any] = {
        "id": "5f0000000000000000000001",
        "name": "Learning studio",
        "lists": [
            {"id": DONE, "name": "Shipped", "closed": False, "pos": 3},
            {"id": TO_DO, "name": "Ideas", "closed": False, "pos": 1},
            {"id": DOING, "name": "In progress", "closed": False, "pos": 2},
        ],
        "members": [
            {"id": "m1", "fullName": "Eli Expert", "username": "eli"},
            {"id": "m2", "fullName": "Nora Nobody", "username": "nono"},
        ],
        "labels": [],
        "customFields": [
            {"id": "f1", "name": "Hours", "type": "number"},
            {"id": "f2", "name": "Site", "type": "list", "options": [{"id": "o1", "value": {"text": "Kiel"}}]},
        ],
        "checklists": [
            {
                "id": "c1",
                "idCard": FINISHED,
                "name": "Steps",
                "pos": 1,
                "checkItems": [
                    {"name": "Second", "state": "incomplete", "pos": 2},
                    {"name": "First", "state": "complete", "pos": 1},
                ],
            }
        ],
        "cards": [
            {
                "id": FINISHED,
                "name": "Film the lathe",
                "desc": "With safety glasses.",
                "closed": False,
                "idList": DONE,
                "pos": 65535,
                "due": "2026-09-30T22:30:00.000Z",
                "dueComplete": True,
                "dateLastActivity": "2026-09-20T10:00:00.000Z",
                "labels": [{"name": "Safety", "color": "red"}],
                "idMembers": ["m1", "m2"],
                "shortUrl": "https://trello.example/c/abc",
                "attachments": [
                    {"name": "Plan", "url": "https://files.example/plan.pdf"},
                    {"name": "Trap", "url": "javascript:alert(1)"},
                ],
                "customFieldItems": [
                    {"idCustomField": "f1", "value": {"number": "6.5"}},
                    {"idCustomField": "f2", "idValue": "o1"},
                ],
            },
            {"id": UNDER_WAY, "name": "Write the guide", "idList": DOING, "pos": 1, "closed": False, "idMembers": ["m2"]},
            {"id": WAITING, "name": "Quiz", "idList": TO_DO, "pos": 2, "closed": False, "badges": {"votes": 3}},
            {
                "id": AWAY,
                "name": "Old idea",
                "idList": TO_DO,
                "pos": 1,
                "closed": True,
                "dateLastActivity": "2026-08-20T10:00:00.000Z",
            },
        ],
        "actions": [  # the newest first, as Trello has them
            {
                "type": "commentCard",
                "date": "2026-09-19T10:00:00.000Z",
                "idMemberCreator": "m2",
                "data": {"card": {"id": FINISHED}, "text": "Looks good"},
                "memberCreator": {"id": "m2", "fullName": "Nora Nobody"},
            },
            a_move(FINISHED, "2026-09-18T10:00:00.000Z", DOING, DONE),
            a_move(UNDER_WAY, "2026-10-05T09:00:00.000Z", TO_DO, DOING),
            a_move(FINISHED, "2026-09-10T10:00:00.000Z", TO_DO, DOING),
            a_creation(FINISHED, "2026-09-01T08:00:00.000Z", TO_DO),
            {"type": "deleteCard", "date": "2026-08-30T08:00:00.000Z", "data": {"card": {"id": "gone"}}},
        ],
    }  # fmt: skip
    return {**board, **changes}


def as_bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


JIRA = """Summary,Issue key,Issue id,Issue Type,Status,Project name,Priority,Resolution,Assignee,Reporter,Created,Updated,Resolved,Due date,Votes,Labels,Labels,Description,Sprint,Sprint,Original estimate,Time Spent,Custom field (Story Points),Attachment,Comment,Comment
Write the aid,LD-1,10001,Story,Done,Learning,High,Done,mara@fernweh.example,Bo,01/Sep/26 9:05 AM,20/Sep/26 4:30 PM,20/Sep/26 4:30 PM,30/Sep/26,2,aid,bikes,"Two pages,
no more",S1,S2,14400,7200,3,02/Sep/26 8:00 AM;bo;draft.pdf;https://jira.example/draft.pdf,05/Sep/26 11:00 AM;mara@fernweh.example;First draft; ready,06/Sep/26 2:00 PM;Bo;Fine
Film it,LD-2,10002,Story,In Review,Learning,Low,,Bo,Bo,02/Oct/26 9:00 AM,03/Nov/26 9:00 AM,,,0,,,,,,,,5,,,
Ask around,LD-3,10003,Task,To Do,Learning,Low,,,Bo,05/Nov/26 9:00 AM,05/Nov/26 9:00 AM,,,0,,,,,,,,,,,
Went backwards,LD-4,10004,Task,Done,Learning,Low,Done,,Bo,10/Oct/26 9:00 AM,11/Oct/26 9:00 AM,09/Oct/26 9:00 AM,,0,,,,,,,,,,,
No key,,10005,Task,Done,Learning,Low,,,Bo,10/Oct/26 9:00 AM,,,,0,,,,,,,,,,,
Ask around twice,LD-3,10006,Task,To Do,Learning,Low,,,Bo,05/Nov/26 9:00 AM,,,,0,,,,,,,,,,,
"""

JIRA_SEARCH: dict[str, Any] = {
    "issues": [
        {
            "key": "LD-9",
            "fields": {
                "summary": "Record the talk",
                "status": {"name": "Done"},
                "project": {"name": "Learning"},
                "created": "2026-09-01T10:00:00.000+0200",
                "updated": "2026-09-12T10:00:00.000+0200",
                "resolutiondate": "2026-09-12T10:00:00.000+0200",
                "duedate": "2026-09-30",
                "timeoriginalestimate": 7200,
                "assignee": {"displayName": "Eli Expert", "emailAddress": "eli@fernweh.example"},
                "description": {
                    "type": "doc",
                    "content": [
                        {"type": "paragraph", "content": [{"type": "text", "text": "One take."}]},
                        {
                            "type": "paragraph",
                            "content": [
                                {"type": "text", "text": "Good light, "},
                                {"type": "mention", "attrs": {"text": "@Bo"}},
                                {"type": "text", "text": "."},
                            ],
                        },
                    ],
                },
            },
            "changelog": {
                "histories": [
                    {
                        "created": "2026-09-12T10:00:00.000+0200",
                        "items": [
                            {"field": "resolution", "fromString": None, "toString": "Done"},
                            {"field": "status", "fromString": "In Review", "toString": "Done"},
                        ],
                    },
                    {
                        "created": "2026-09-05T10:00:00.000+0200",
                        "items": [{"field": "status", "fromString": "To Do", "toString": "In Review"}],
                    },
                ]
            },
        }
    ]
}

KANBOARD = """"Task Id","Project","Status","Category","Swimlane","Column","Position","Color","Due date","Creator","Assignee Username","Assignee Name","Complexity","Title","Creation date","Modification date","Completion date","Start date","Time estimated","Time spent","Reference"
7,Studio,Closed,Video,"Default swimlane",Done,1,Yellow,,admin,eli,"Eli Expert",0,"Film the lathe",09/01/2026,09/20/2026,09/18/2026,09/10/2026,6,5.5,
8,Studio,Open,,"Team B","Work in progress",2,Blue,12/24/2026,admin,,,3,"Write the guide",10/01/2026,10/05/2026,,10/05/2026,0,0,REF-1
9,Studio,Open,,"Default swimlane","Work in progress",1,Blue,,admin,nono,,0,"No start",10/02/2026,10/05/2026,,,0,0,
10,Studio,Open,,"Default swimlane",Backlog,1,Blue,,admin,,,0,"Quiz",31/31/2026,11/02/2026,,,0,0,
"""

PLANNER_HEADERS = [
    "Task ID", "Task Name", "Bucket Name", "Progress", "Priority", "Assigned To", "Created By", "Created Date", "Start Date",
    "Due Date", "Is Recurring", "Late", "Completed Date", "Completed By", "Completed Checklist Items", "Checklist Items",
    "Labels", "Description",
]  # fmt: skip
PLANNER = [
    ["t1", "Film the lathe", "Videos", "Completed", "Important", "Eli Expert;Nora Nobody", "Bo", "09/01/2026", "09/02/2026",
     "09/30/2026", "false", "false", "09/18/2026", "Eli Expert", "2/2", "Script;Shoot", "Safety;Lathe", "With glasses"],
    ["t2", "Write the guide", "Guides", "In progress", "Medium", "", "Bo", "10/13/2026", "", "", "false", "false", "", "", "1/3",
     "Outline;Draft;Review", "", ""],
    ["t3", "Quiz", "Guides", "Not started", "Medium", "", "Bo", "11/02/2026", "", "", "false", "false", "", "", "", "", "", ""],
]  # fmt: skip

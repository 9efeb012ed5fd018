"""The shared domain: what the three doors and the clock talk about. One word per thing.

Person: someone known by e-mail; belongs to a unit; has roles.
Unit: a department, team or site.
Organisation: the one this installation serves: its name, its hours a week for L&D, its calendar.
Goal: a business aim with a weight; requests and projects attach to goals.
Learning request: the ask, with its answers.
Question / Answer: one field of the versioned intake form / what was said, by whom, when.
Rubric: a versioned scoring model: criteria, anchored scales, weights, effort priors.
Assessment: one immutable result of scoring one request.
Decision: accept, ask, join, answer, redirect, waitlist, snooze or decline; with words and a reason.
Message: one line of the conversation between requester and manager.
Project: accepted work: hypothesis, solution type, stage, health.
Card: one piece of a project's work on the board; it stands in a column.
Iteration: a time box with a goal, a capacity, a commitment and a review.
Resource: existing content in the library.
Measure / Reading: a business measure / one value of it at a time.
Survey / Response: questions sent out / one person's answers.
Evaluation: the result of a project at one level, with its evidence grade.
Cost / Estimate: what a project took, in money or hours / what one person says it was worth.
Success case: a short record of who used it for what, what came of it and what shows it.
Report: how a report is designed: its sections, readers, rhythm and quiet days.
Edition: a published report, frozen. A correction is another that names it.
Share: a link by which people without an account read one edition, until it ends.
Import: rows taken from somebody else's file, each accounted for.
Mail: a message waiting to be sent, or sent.
Event: one line of the append-only history; every chart is built from it.

Layers, each knowing only those to its right: actions, history, models, rules, states.
"""

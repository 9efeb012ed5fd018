"""The invented company: its people, goals and library."""

MANAGER = ("Hanna Lindqvist", "hanna.lindqvist@fernweh.example", "HR")
LEADERS = (
    ("Renate Osei", "renate.osei@fernweh.example", "HR"),
    ("Viktor Brandt", "viktor.brandt@fernweh.example", "Board"),
)
EXPERTS = (
    ("Ruth Kowalczyk", "Assembly"),
    ("Petra Novak", "Sales"),
    ("Deniz Aydin", "Warehouse"),
    ("Samuel Okafor", "IT"),
    ("Lucía Ferrer", "Assembly"),
    ("Ayşe Demir", "Customer Service"),
    ("Timo Virtanen", "Purchasing"),
    ("Marek Zieliński", "Quality"),
    ("Milan Horvat", "Quality"),
)

FIRST_NAMES = (
    "Jonas", "Amira", "Bruno", "Chiara", "Dorota", "Emil", "Fatima", "Gregor", "Helene", "Ivana", "Jakub", "Katrin", "Leo",
    "Magda", "Nils", "Olga", "Pavel", "Quirin", "Rosa", "Sabine", "Tariq", "Ulla", "Vera", "Wen", "Yusuf", "Zoë", "Anton",
    "Beate", "Carlos", "Ewa",
)  # fmt: skip
LAST_NAMES = (
    "Albers", "Bauer", "Castillo", "Dvořák", "Eriksson", "Fischer", "Grigoryan", "Haddad", "Ilić", "Jansen", "Köhler",
    "Lehmann", "Moreau", "Nguyen", "Ortega", "Petersen", "Quast", "Rossi", "Schmitt", "Tamm", "Ude", "Vogel", "Wójcik",
    "Yılmaz", "Zimmer",
)  # fmt: skip

GOALS = {
    # key: name, weight, measure, owner, unit, target, year to date
    "warranty": ("Halve warranty cases", 5, "Warranty cases a month", "Head of Quality", "cases", 60.0, 84.0),
    "safety": ("Nobody gets hurt", 5, "Reportable accidents this year", "Plant manager", "accidents", 0.0, 2.0),
    "keep": ("New people stay", 4, "Leavers in the first year", "Head of HR", "%", 18.0, 23.5),
    "quotes": ("Grow fleet and cargo bike sales", 4, "Fleet and cargo bikes sold", "Head of Sales", "bikes", 5200.0, 4380.0),
    "erp": ("The new ERP works from the first day", 3, "Bookings right first time", "Head of IT", "%", 95.0, 88.0),
    "recommend": ("Dealers and customers recommend us", 2, "Would recommend us, of 100", "Head of Service", "points", 45.0, 39.0),
}  # fmt: skip

GOALS_BEGAN_AT = {
    "warranty": 118.0, "safety": 0.0, "keep": 27.0, "quotes": 0.0, "erp": 71.0, "recommend": 31.0
}  # fmt: skip
"""Where each stood a year ago; what is counted within a year begins at nothing."""

RESOURCES = (
    # title, kind, minutes, topics
    ("Pivot tables in twenty minutes", "video", 20, "excel spreadsheet pivot figures"),
    ("Excel from zero, six short lessons", "course", 90, "excel spreadsheet beginners"),
    ("Match two lists: XLOOKUP on one page", "guide", 5, "excel lookup lists stock"),
    ("Data protection at Fernweh", "course", 25, "gdpr privacy personal data"),
    ("First aid: dates and sign-up", "guide", 2, "first aid safety"),
    ("Accessible documents: a checklist", "checklist", 10, "accessibility pdf documents"),
    ("Bleeding the HX brake (video and sheet)", "video", 8, "brake mechanics workshop"),
    ("Motor diagnosis: codes and what to do", "guide", 15, "e-bike motor error codes mechanics"),
    ("Five slides that work", "guide", 10, "presentation slides figures"),
    ("8D report with an example", "example", 20, "quality complaint 8d problem solving"),
    ("Ten minutes for the back", "video", 10, "health lifting back safety"),
    ("Reading our wiring diagrams", "guide", 15, "electrics wiring assembly"),
    ("Time sheet: the ten usual questions", "guide", 5, "time sheet leave"),
    ("Incoterms on one page", "guide", 5, "customs purchasing delivery"),
    ("ISO tolerances with our own parts", "guide", 30, "drawing tolerances apprentices"),
)

PARTS = {
    "Excel from zero, six short lessons": (
        ("Cells, rows and saving", 12), ("Sums and averages", 14), ("Sort and filter", 15), ("A table that stays a table", 16),
        ("One chart, well made", 17), ("Print it on one page", 16),
    ),
    "Bleeding the HX brake (video and sheet)": (("What you need on the bench", 2), ("Bleeding it, step by step", 6)),
}  # fmt: skip
"""Whole, then its parts in order: title, minutes."""

ABOUT = {
    "Pivot tables in twenty minutes": "From a list of orders to figures by month and product, with our own numbers.",
    "Data protection at Fernweh": "Whose data we hold, what we may do with them, and whom to ask before you send a list.",
    "Ten minutes for the back": "Five exercises at the desk or at the ramp, shown by our physiotherapist.",
}
AUDIENCE = {
    "Bleeding the HX brake (video and sheet)": "Mechanics",
    "Motor diagnosis: codes and what to do": "Mechanics",
    "ISO tolerances with our own parts": "Apprentices",
}

SHELF_SEED = 1868
"""The first recorded bicycle race."""
ASKS_SHOWN = 40
OUTDATED = (
    (6, "Time sheet: the ten usual questions", "The menu looks different since the update in September."),
)
"""Days ago, title, words."""

ALERT_AT = 4
JOINERS = (
    # days ago, request, name, unit, words, for how many
    (16, "Prompting course", "Nils Tamm", "Customer Service", "Half of us paste customer mails into it and nobody knows whether we may.", 14),
    (19, "Plain language", "Ulla Jansen", "Quality", "Our work instructions read like contracts.", 9),
    (12, "Prompting course", "Carlos Moreau", "Purchasing", "", None),
    (9, "Prompting course", "Vera Ude", "Finance", "Could save us a day at month-end, if we knew how to ask it.", 6),
    (4, "Prompting course", "Beate Vogel", "HR", "Job advertisements, mostly.", 3),
)  # fmt: skip

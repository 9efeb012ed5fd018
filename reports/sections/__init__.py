"""What may stand in a report, section by section: each takes what was asked, and gives its figures and its tables."""

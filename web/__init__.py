"""The carpentry the doors share: sessions, people, forms, templates, answers."""

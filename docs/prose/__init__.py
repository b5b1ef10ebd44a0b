"""Checks the English of the course and the guides: ``python -m docs.prose``.

`passages` reads the texts, `rules` holds the habits that the project avoids, `checking` applies
them together with the checks of proselint and typos.
"""

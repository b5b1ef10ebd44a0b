"""Writes ``notebooks/README.md``, the index of the course: ``python -m docs.course_index``."""

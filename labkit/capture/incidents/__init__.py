"""Incidents, the first steps that went wrong: detection, origin of non-finite values, replay."""

"""Readings of a model while it trains, their schedule and their memory limit."""

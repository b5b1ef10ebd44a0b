"""Readings of a model while it trains: what is read, how often, and in how much memory."""

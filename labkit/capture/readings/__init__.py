"""What is read of a model while it trains, how often, and in how much memory."""

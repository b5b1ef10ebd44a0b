"""A folder of saved runs as a table."""

"""The plan of chapter 06: modules, the loop line by line, modes, metrics, and when to stop."""

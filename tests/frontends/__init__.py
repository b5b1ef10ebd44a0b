"""labkit in the front ends of notebooks, each with a real browser and a real kernel."""

"""Tables of values over the steps, of bounded size whatever the length of the run."""

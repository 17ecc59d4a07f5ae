"""The Open WebUI dialect of the mock: its paths, bodies, errors and state, beside those of Ozwell on the same port."""

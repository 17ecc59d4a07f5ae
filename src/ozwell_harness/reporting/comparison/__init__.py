"""A comparison of two runs as text: console, JSON, HTML. No decisions here."""

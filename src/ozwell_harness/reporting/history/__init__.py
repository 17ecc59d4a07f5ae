"""Runs over time as text: console, JSON, HTML with plots, a badge. No decisions here."""

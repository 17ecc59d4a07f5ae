"""Runs to text. Reporters decide nothing."""

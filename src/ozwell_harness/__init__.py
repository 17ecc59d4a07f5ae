"""Conformance and load-testing harness for Ozwell- and OpenAI-compatible endpoints."""

__version__ = "0.1.0"

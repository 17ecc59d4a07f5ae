"""The official OpenAI client, tried on a target as a user would call it; every request goes through the recorder.

Nothing here imports ``openai`` before a call is made: it is an optional extra (``ozwell-harness[sdk]``).
"""

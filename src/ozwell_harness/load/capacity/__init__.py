"""Finds the capacity: the highest rate that still meets an SLO, as an interval with a confidence.

``search`` decides what to run next and is pure, as is all that it rests on; ``driver`` runs it and keeps the record.
"""

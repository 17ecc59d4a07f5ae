"""Pure judgements: from an exchange (or a few) to a deviation or None. One file per area.

A check that cannot judge its evidence raises ``Unjudgeable``; one that finds nothing wrong returns None.
"""

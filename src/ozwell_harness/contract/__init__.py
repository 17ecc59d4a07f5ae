"""The property phase: requests generated from the specification, judged like every other exchange.

``plan`` says how much, ``readings`` what may be generated, ``cases`` generates, ``schedule`` deals fairly, ``courier``
sends, ``judging`` judges, ``ledger`` sums up, ``phase`` drives. Only ``cases``, ``walk``, ``courier`` and
``conformity`` know Schemathesis. They are imported when the phase begins: that takes a second.
"""

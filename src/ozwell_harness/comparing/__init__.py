"""Two runs held against each other: what they found, and how fast they were answered.

The core is pure; ``reading`` alone touches files.
"""

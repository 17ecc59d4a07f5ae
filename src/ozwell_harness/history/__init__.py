"""Runs over time: ``reading`` finds them below a folder, ``entries`` says what is told of each."""

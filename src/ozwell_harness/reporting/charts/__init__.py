"""The plots of a report: from figures in ``results.json`` to charts as values (pure), and from these to a page."""

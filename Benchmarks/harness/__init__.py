"""Measures servers side by side. Read in this order: cases, measures, peers, process, load, content, results, report."""

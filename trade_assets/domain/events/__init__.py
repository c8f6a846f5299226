"""The event engine of the index legs: events, barriers, calibrated scores, the book."""

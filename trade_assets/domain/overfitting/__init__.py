"""What evidence for a promotion is worth, given how much was tried and how often it was looked at.

Arrays of returns in, numbers out. A matrix of trials has shape (n_periods, n_trials): a column is what one
candidate earned, out of sample and net of costs, in excess of what it must beat. What cannot be known is NaN.
"""

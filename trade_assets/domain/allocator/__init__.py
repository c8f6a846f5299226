"""The allocator: how much of the book each index leg of the event engine gets, decided at every close.

A leg is the sleeve the event engine runs on one index; what is shared out is capital, what is traded is the
sleeve's position in proportion. Arrays of legs have shape (sessions, 2): the NASDAQ leg first, the S&P leg second.
"""

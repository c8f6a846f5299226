"""The live day: the ledger's entries, the book of a session, its orders, what makes them safe, and what came of them."""

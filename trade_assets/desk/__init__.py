"""The desk: what a person does each day, as commands; the ledger keeps who did it and why."""

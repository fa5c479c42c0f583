"""Figures of the ledger, and the rows they are the sums of."""

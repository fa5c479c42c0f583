"""The ledger: payments, how they are allocated, and the policies of payment methods."""

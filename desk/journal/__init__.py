"""Journal: the ledger in the words of accountants."""

"""The ledger in the words of accountants: postings that balance to zero."""

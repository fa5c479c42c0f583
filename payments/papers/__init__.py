"""Papers for guests, as PDF: what receipts and statements say, and how that is drawn.

Nothing here knows a database: words are made of plain values, and a paper of its words alone.
"""

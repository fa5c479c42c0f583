"""The office: reports, exports, the close of the day, the journal for the accountants."""

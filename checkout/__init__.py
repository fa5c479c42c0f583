"""The guest's pages: reached by a link in an e-mail, without an account."""

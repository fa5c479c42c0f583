"""Card providers: one small interface, a folder for each of them, and what is asked of them."""

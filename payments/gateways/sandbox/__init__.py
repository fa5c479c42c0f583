"""A card provider for demonstrations and tests, in the same process: it moves no money at all."""

"""Links by which guests pay: sending one, copying it, withdrawing all that are out."""

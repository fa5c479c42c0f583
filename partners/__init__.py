"""Partners: the programs that call our APIs; their credentials, scopes and locations."""

"""Partners: the programs that call us and are told of things by us."""

"""What can be told from what is seen: do-calculus, ID and IDC, hedges, derivations."""

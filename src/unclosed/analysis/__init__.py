"""From flow graphs to verdicts: obligations, the solver and what follows from them."""

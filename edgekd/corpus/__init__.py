"""A small multilingual assistant corpus, generated from the grammars in `grammars/`: see README.md there."""

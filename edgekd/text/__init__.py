"""The text front end: code points in, ternary features of tokens out, the same bits in every runtime."""

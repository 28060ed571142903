"""edgekd distils transformer teachers into tiny students that take text in and give labels out."""

__version__ = "0.1.0"

"""Students that read plain text and learn what a teacher makes of each word, before any task."""

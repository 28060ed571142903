"""Where teachers and the data's labels disagree: wrong labels to be found, and how many there may be."""

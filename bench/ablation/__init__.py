"""Studies: what each part of the pipeline is worth.

arms        what a study varies, and on what
runs        makes what is missing, and keeps the figures
tables      what they say
"""

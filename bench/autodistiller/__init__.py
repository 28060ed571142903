"""AutoDistiller against random search and the default recipe, on data sets that it has not seen.

table       trains every candidate on every data set, once
problems    the data sets: subsets of public ones
replay      searches in the table without training, and what they miss
"""

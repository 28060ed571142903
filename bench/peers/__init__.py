"""The student against what else one could ship: trained on the same texts, timed in turns.

python -m bench.peers --help
"""

"""The student against what else one could ship: trained on the same texts, asked the same way, timed in turns.

python -m bench.peers --help
"""

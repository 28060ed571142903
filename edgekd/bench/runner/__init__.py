"""What runs on a target: it needs numpy, one runtime, and no more of edgekd than `targets.upload` brings."""

"""Looking for a good recipe.

space            which fields of a recipe may change, and how
trial            one recipe tried, and what is asked of many: the best, the front, the hopeless
runner           a recipe becomes a judged student: without its control, with labels that all trials share
study            Optuna proposes recipes; storage in a file that survives interruption
auto             AutoDistiller: finished runs on other data propose recipes; successive halving tries them
features         a data set in numbers, before anything is trained
runs             the store of finished runs
encoding         how far recipes are from each other
prior            what finished runs say of recipes on new data
shortlist        which recipes are tried, by the prior and by lot
halving          successive halving
finalists        the best few again with other seeds
search           all of it, in order
page             what is read in the end
lock             for processes that share a folder
"""

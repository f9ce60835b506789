"""A cascade that needs no key and no network: `make run-cascade`.

What it is: flite (or espeak-ng) speaks, pocketsphinx hears the few sentences of a grammar, and a script answers them.
What it is not: a model. Other words than those of the grammar are taken for one of its sentences, or for nothing.

voice      flite or espeak-ng, a process for each piece
grammar    the sentences that are understood, and what is answered
ear        pocketsphinx
__main__   the three served, and a relay before them
"""

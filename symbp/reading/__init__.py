"""From LaTeX to index form: what an author wrote, read with the author's own names.

grammar/      LaTeX as tokens, statements and syntax trees
declared      what a declaration says
model/        a System and the lexicon of its names, from equations
conventions   the lexicon of a notation and a network of the library
elaborate     a syntax tree in index form, by a lexicon; names, products, sums, calls, derivatives,
arrays, images and the rest are its parts
algebra       plain calculus, which needs no network
"""

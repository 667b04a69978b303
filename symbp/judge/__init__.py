"""Claims judged: proved at exact points and by rules for all sizes, refuted by certified numbers.

verdict, outcome     what is found
chains        A = B = C: every network that is declared, then the diagnosis
claims        one claim: its readings, sizes and conditions, its sides laid over each other
compare, values, points, equality     two sides at exact points
scope/        at which other sizes it holds; wide: networks too wide to try every entry
counterexample        a rational point at which the sides are apart, by Arb's balls
meant         what a refuted claim may mean all the same
diagnosis/    likely mistakes; the repair that is proved
algebra       plain calculus, without a network
"""

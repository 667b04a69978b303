"""Functions that NumPy lacks, as text that stands before a program that calls them.

erf is polynomials in NumPy: SciPy's takes as long and would be one more package to install,
`math.erf` entry by entry takes eight times as long. The polynomials are minimax (Remez' algorithm)
for the relative error of erf: 7e-18 up to 1, 8e-18 from 1 to 6, where erf rounds to 1.
"""

from __future__ import annotations

ERF = '''\
def erf(x):
    """The error function of real x, to 2 units in the last place.

    x P(x * x) up to |x| = 1, beyond it 1 - exp(-x * x) Q(1 / (1 + 3 |x| / 8)) with its sign.
    """
    p = (
        -7.779462971761597e-10, 1.3710988704190523e-08, -1.6206318752969208e-07,
        1.6447132699786621e-06, -1.4924712439534814e-05, 0.0001205529358693695,
        -0.0008548325929766244, 0.005223977606130842, -0.026866170643113415,
        0.112837916709442, -0.3761263890318352, 1.1283791670955126,
    )  # fmt: skip
    q = (
        -0.029377385557293228, 0.16459773819181048, -0.3342734427298594,
        0.24019322927757952, 0.019108105645027268, -0.05492007743094975,
        0.2604160093685715, 0.09478085044654493, 0.2208293190279162,
        0.2064862040059061, 0.2121931093269925, -3.387139697158317e-05,
    )  # fmt: skip
    x = np.asarray(x)
    y = np.asarray(x * horner(p, np.minimum(np.abs(x), 1) ** 2))
    far = np.flatnonzero(np.abs(x) > 1)
    z = x.take(far)
    a = np.minimum(np.abs(z), 6.0)
    rest = np.exp(-a * a) * horner(q, 1 / (1 + 0.375 * a))
    y.put(far, np.copysign(1 - rest, z))
    return y


def horner(coefficients, x):
    """A polynomial; the coefficient of its highest power stands first."""
    y = coefficients[0] * x
    for c in coefficients[1:-1]:
        y += c
        y *= x
    return y + coefficients[-1]
'''
ARGMAX = '''\
def argmax(a, axes):
    """Where the greatest along the last axes stands, counted in reading order."""
    return a.reshape(*a.shape[:-axes], -1).argmax(axis=-1)
'''
SCATTER = '''\
def scatter(shape, places, values):
    """Zeros of a shape, with the values added at the places; several may be one place."""
    total = np.zeros(shape)
    np.add.at(total, places, values)
    return total
'''
SOURCES = {"erf(": ERF, "argmax(": ARGMAX, "scatter(": SCATTER}  #: by the call that needs them
NAMES = ("erf", "horner", "argmax", "scatter", "sliding_window_view")

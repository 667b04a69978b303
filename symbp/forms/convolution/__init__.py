"""The form that papers print of convolutions: arrays of places, one for each channel.

    z[e, p] = Σ_du W[e, d, u] x[d, p + u − 1]                  z_e = Σ_d x_d * W_ed
    ∂C/∂W[e, d, u] = Σ_p x[d, p + u − 1] ∂C/∂z[e, p]           ∂C/∂W_ed = x_d * ∂C/∂z_e
    ∂C/∂x[d, q] = Σ_eu W[e, d, u] ∂C/∂z[e, q − u + 1]          Σ_e ∂C/∂z_e *full rot180(W_ed)

x * K is the field's "convolution", a cross-correlation: K, as it stands, slides over x as it is
("valid"), or over x with zeros around it, one less than K is long on every side ("full"). Another
product of two arrays is taken entry by entry. With a stride s and a dilation r, and where only a
part of an array is meant (`arrays` defines each sign; `view` finds them):

    Σ_u W[u] x[s(p − 1) + r(u − 1) + 1]          x *_s dilate_r(W)
    Σ_p x[s(p − 1) + u] ∂C/∂z[p]                 (x * dilate_s(∂C/∂z))_{1:K}
    Σ_p W[q − s(p − 1)] ∂C/∂z[p]                 (dilate_s(∂C/∂z) *full rot180(W))_{1:N}

A view: it adds no mathematics. `ConvolutionForm.written_out` is the index form of what was seen,
from the definitions of the signs alone, to be compared with the equation.
"""

from symbp.forms.convolution.arrays import (
    ArrayNode,
    Arrays,
    Convolved,
    Moved,
    Ones,
    moved,
)
from symbp.forms.convolution.view import (
    ConvolutionForm,
    convolution_form,
    convolves,
    has_places,
)

__all__ = [
    "ArrayNode",
    "Arrays",
    "ConvolutionForm",
    "Convolved",
    "Moved",
    "Ones",
    "convolution_form",
    "convolves",
    "has_places",
    "moved",
]

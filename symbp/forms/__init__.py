"""Forms: one equation seen by its indices, by its components, or by matrices.

The index form is the System itself. `matrix_form` sees an equation as one of vectors and
matrices, in the layout that is asked for; `component` makes sizes concrete and gives one entry
as one scalar expression. Both are views: they add no mathematics.
"""

from symbp.forms.component import Components, component, components
from symbp.forms.contract import NoMatrixForm
from symbp.forms.layout import COLUMN, ROW, Layout
from symbp.forms.matrix import MatrixEquation, matrix_form, matrix_forms
from symbp.forms.scalar_code import ScalarCode, lambdify_components

__all__ = [
    "COLUMN",
    "ROW",
    "Components",
    "Layout",
    "MatrixEquation",
    "NoMatrixForm",
    "ScalarCode",
    "component",
    "components",
    "lambdify_components",
    "matrix_form",
    "matrix_forms",
]

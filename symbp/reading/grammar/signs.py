r"""The signs of LaTeX: which say nothing of the meaning, which mean the same, which are letters.

Tables for the lexer, the parser and the statements. A macro stands without its backslash where
macros alone can stand, and with it where a single sign can stand too.
"""

from __future__ import annotations

#: Fonts of letters and words.
FONTS = """mathbf boldsymbol bm pmb mathrm mathsf mathtt mathcal mathbb mathit mathfrak bold bf
textbf textit textrm emph vec matr vecr underline mathop mathbin mathrel mathord
ensuremath""".split()

#: Fonts in which letters side by side are one word.
WORD_FONTS = set("mathrm mathsf mathtt mathop mathit mathcal textrm textbf textit".split())

#: Accents, with the name of the short form.
ACCENTS = {
    **{accent: accent for accent in "hat tilde bar check dot ddot".split()},
    "overrightarrow": "overrightarrow",
    "overleftarrow": "overleftarrow",
    "widehat": "hat",
    "widetilde": "tilde",
    "overline": "bar",
}

TEXTS = "text mbox hbox textnormal".split()

FRACTIONS = "frac dfrac tfrac cfrac".split()

#: What says nothing of the meaning.
SILENT = {
    *"""displaystyle textstyle scriptstyle limits nolimits middle left right big Big bigg Bigg
    bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm nonumber notag rm it sf tt cal
    mathstrut strut hfill hline allowbreak nobreak relax noindent centering space enspace
    thinspace""".split(),
    *", ; : ! > * / @ -".split(),
    " ",
    "\n",
}

#: What says nothing of the meaning, together with an argument.
SILENT_WITH_ARGUMENT = set(
    """label tag ref eqref hspace vspace color textcolor colorbox phantom hphantom
    vphantom""".split()
)

#: Spaces so wide that they may part statements.
SPACES = {"quad", "qquad"}

#: What is put around, over or under an expression.
WRAPPERS = set("underbrace overbrace boxed fbox cancel".split())

#: ... where the expression is the second argument.
STACKED = set("overset underset stackrel".split())

#: A sign and the ways in which it is written too.
SAME = r"""
*            \ast ∗
\odot        \bigodot ⊙
\otimes      \bigotimes ⊗
\circ        \bigcirc ∘
\cdot        · ⋅
\times       ×
\bullet      •
-            − –
+            ＋
\partial     \part ∂
\nabla       \triangledown \bigtriangledown ∇
\sum         ∑
'            \prime \' ′ ’
\top         \intercal ⊤ ᵀ
\log         \ln
\ldots       \dots \cdots \dotsb \dotsc \vdots \ddots …
\|           \lVert \rVert \Vert ‖ ||
|            \lvert \rvert \vert \mid
\{           \lbrace
\}           \rbrace
(            （
)            ）
[            \lbrack \lfloor ［
]            \rbrack \rfloor ］
<            \langle \lt
>            \rangle \gt
\le          \leq ≤
\ge          \geq ≥
\neq         \ne ≠ !=
=            ＝ ==
:=           \coloneqq \triangleq \doteq
\equiv       ≡
\approx      ≈
\leftarrow   \gets ←
\Rightarrow  \implies \Longrightarrow \iff \Leftrightarrow =>
,            ， 、
;            ；
:            \colon ：
.            。
_            \_
&            \&
#            \#
%            \%
\alpha       α
\beta        β
\gamma       γ
\delta       δ
\epsilon     \varepsilon ε ϵ
\eta         η
\theta       θ
\lambda      λ
\mu          μ
\pi          π
\rho         ρ
\sigma       σ
\tau         τ
\phi         \varphi φ
\psi         ψ
\omega       ω
\Gamma       Γ
\Delta       Δ
\Theta       Θ
\Sigma       Σ
\Phi         Φ
"""
SYNONYMS = {way: sign for sign, *ways in map(str.split, SAME.strip().splitlines()) for way in ways}

GREEK = {
    "\\" + name
    for name in """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho
    sigma tau upsilon phi chi psi omega vartheta varrho varsigma ell hbar
    Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega""".split()
}

#: Functions that have a macro of their own, and some that writers think have one.
FUNCTION_MACROS = """exp log tanh sin cos cosh sinh max min sup arg det dim tr sgn sqrt softmax
sigmoid relu ReLU diag""".split()

#: Environments that hold formulas; `STACKS` are those whose cells are one thing together.
STACKS = """cases dcases matrix bmatrix pmatrix vmatrix Bmatrix smallmatrix array""".split()
ENVIRONMENTS = """aligned align align* split gathered gather gather* equation equation* eqnarray
eqnarray* multline multline* alignat alignat* flalign flalign* displaymath math rcases""".split()

#: Environments whose columns are described in an argument.
WITH_COLUMNS = "array alignat alignat*".split()

RELATIONS = {"=", ":=", *r"\equiv \approx \leftarrow \simeq \sim \propto".split()}
RELATIONS |= {r"\Rightarrow", r"\to", r"\rightarrow"}

COMPARISONS = {"=", r"\neq", r"\le", r"\ge", "<", ">"}

#: Signs between factors.
PRODUCT_SIGNS = {r"\cdot", r"\times", r"\odot", r"\circ", "*", r"\bullet", r"\otimes", ".*", "/"}
PRODUCT_SIGNS |= {r"\star", "@", r"\oslash", "."}

CLOSING = {"(": ")", "[": "]", r"\{": r"\}", "<": ">"}

#: Where a product ends.
STOPS = {")", "]", r"\}", "+", "-", ",", ";", ">", *RELATIONS}

#: What goes with the factor before it.
SCRIPTS = {"^", "_", "'"}

#: Words that join formulas and are no names.
JOINING = set(
    """and or where if for with so then otherwise else when thus hence all let is s.t. subject
    to""".split()
)

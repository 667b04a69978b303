r"""Claims about networks with many roots and logarithms: right ones proved, wrong ones refuted."""

import pytest

import symbp
from symbp.judge import chains

COST = r"\mathcal{L} = \frac{1}{2 m} \sum_{i=1}^{m} \sum_{j=1}^{n} (a_j^{(i)} - y_j^{(i)})^2"
BATCH = r"""equations:
    z_j^{(i)} = \sum_{k=1}^{d} W_{jk} x_k^{(i)}
    \mu_j = \frac{1}{m} \sum_{i=1}^{m} z_j^{(i)}
    v_j = \frac{1}{m} \sum_{i=1}^{m} (z_j^{(i)} - \mu_j)^2
    \hat z_j^{(i)} = \frac{z_j^{(i)} - \mu_j}{\sqrt{v_j + \epsilon}}
    a_j^{(i)} = \gamma_j \hat z_j^{(i)} + \beta_j
    """
RMS = r"""equations:
    q^{(i)} = \frac{1}{n} \sum_{j=1}^{n} (z_j^{(i)})^2
    a_j^{(i)} = \frac{\gamma_j z_j^{(i)}}{\sqrt{q^{(i)} + \epsilon}}
    """
WEIGHT = r"""equations:
    r_j = \sqrt{\sum_{k=1}^{d} V_{jk}^2}
    W_{jk} = \frac{V_{jk} g_j}{r_j}
    a_j^{(i)} = \sum_{k=1}^{d} W_{jk} x_k^{(i)} + b_j
    """
NORMAL = r"""equations:
    a = \sqrt{p - q} + \sqrt{1 - p^2} + \log q + \log(1 - p)
    L = \frac{1}{2} a^2
"""
BY_V, BY_Z = (
    r"\frac{\partial \mathcal{L}}{\partial v_j} = ",
    (r"\frac{\partial \mathcal{L}}{\partial z_j^{(i)}} = "),
)
UP = r"\frac{\partial \mathcal{L}}{\partial \hat z_j^{(i)}}"
OVER = r"\frac{\partial \mathcal{L}}{\partial \hat z_j^{(p)}}"
AT_A = r"\frac{\partial \mathcal{L}}{\partial a_j^{(i)}}"
BY_R, BY_P = r"\frac{\partial \mathcal{L}}{\partial r_j} = ", r"\frac{\partial L}{\partial p} = "

#: A network, a right claim, and mistakes: what stands there, and what in its place.
CLAIMS = [
    (BATCH + COST, BY_V + rf"-\frac{{1}}{{2 (v_j + \epsilon)^{{\frac{{3}}{{2}}}}}} "
     rf"\sum_{{i=1}}^{{m}} (z_j^{{(i)}} - \mu_j) {UP}",
     [("-\\frac{1}{2", r"\frac{1}{2"), (r"\frac{3}{2}", r"\frac{1}{2}"), (r"- \mu_j", "")]),
    # (v + ε) / √(v + ε) for a root: r² = u for every unit at once
    (BATCH + COST, BY_V + rf"-\frac{{\sqrt{{v_j + \epsilon}}}}{{2 (v_j + \epsilon)^2}} "
     rf"\sum_{{i=1}}^{{m}} (z_j^{{(i)}} - \mu_j) {UP}",
     [(r"+ \epsilon)^2", r"+ \epsilon)"), (r"\sqrt{v_j + \epsilon}", r"\sqrt{v_j}")]),
    (BATCH + COST, BY_Z + rf"\frac{{1}}{{m \sqrt{{v_j + \epsilon}}}} (m {UP} - "
     rf"\sum_{{p=1}}^{{m}} {OVER} - \hat z_j^{{(i)}} \sum_{{p=1}}^{{m}} {OVER} \hat z_j^{{(p)}})",
     [(r"m \sqrt", r"\sqrt"), (r"- \hat z", r"+ \hat z"), (r"\hat z_j^{(p)})", ")")]),
    (RMS + COST, BY_Z + rf"\frac{{\gamma_j {AT_A}}}{{\sqrt{{q^{{(i)}} + \epsilon}}}} - "
     rf"\frac{{z_j^{{(i)}}}}{{n (q^{{(i)}} + \epsilon)^{{\frac{{3}}{{2}}}}}} \sum_{{k=1}}^{{n}} "
     r"\gamma_k \frac{\partial \mathcal{L}}{\partial a_k^{(i)}} z_k^{(i)}",
     [(r"\sqrt{q^{(i)} + \epsilon}", r"\sqrt{q^{(i)} - \epsilon}"), (r"{n (q", r"{(q"),
      (r"- \frac{z_j^{(i)}}", r"+ \frac{z_j^{(i)}}")]),
    (WEIGHT + COST, BY_R + r"-\frac{g_j}{r_j^2} \sum_{k=1}^{d} V_{jk} "
     r"\frac{\partial \mathcal{L}}{\partial W_{jk}}",
     [("-", ""), ("r_j^2", r"\sum_{k=1}^{d} V_{jk}")]),
    # only points with q < p < 1 are any of this network
    (NORMAL, BY_P + r"a (\frac{1}{2 \sqrt{p - q}} - \frac{p}{\sqrt{1 - p^2}} - \frac{1}{1 - p})",
     [(r"\frac{1}{2 \sqrt", r"\frac{1}{\sqrt"), (r"- \frac{1}{1 - p}", r"+ \frac{1}{1 - p}"),
      (r"\frac{p}{", r"\frac{q}{")]),
]  # fmt: skip


NETWORKS = {"batch": BATCH, "rms": RMS, "weight": WEIGHT, "normal": NORMAL}


@pytest.mark.parametrize("name", NETWORKS)
def test_right_ones_are_proved_and_mistakes_refuted(name, monkeypatch):
    monkeypatch.setattr(chains, "diagnose", lambda *_: None)  # which is tested on its own
    network = NETWORKS[name]
    expected: dict[str, str] = {}
    for given, right, mistakes in CLAIMS:
        if given.startswith(network):
            expected |= {right: "proved"}
            expected |= {right.replace(there, instead, 1): "refuted" for there, instead in mistakes}
    assert len(expected) == sum(1 + len(m) for given, _, m in CLAIMS if given.startswith(network))
    declaration = network if network is NORMAL else network + COST
    text = "\n\n".join(f"$$\n{claim}\n$$" for claim in expected)
    found = symbp.check(text, declaration=declaration).findings
    assert [str(f.verdict.status) for f in found] == list(expected.values())
    assert all(f.verdict.counterexample for f in found if f.verdict.status == "refuted")

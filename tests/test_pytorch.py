"""Models of PyTorch as equations: values and gradients are those of PyTorch itself."""

import numpy as np
import pytest

import symbp
from symbp.errors import SizeError, SymbpError, UnknownNameError
from symbp.numbers.codegen import compile_numpy
from symbp.numbers.evaluator import Evaluation
from symbp.system import Role

torch = pytest.importorskip("torch")
nn = torch.nn

DENSE = {
    "one layer": lambda: [nn.Linear(4, 3)],
    "tanh": lambda: [nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)],
    "without biases": lambda: [nn.Linear(4, 3, bias=False), nn.Sigmoid(), nn.Linear(3, 2)],
    "nested": lambda: [nn.Sequential(nn.Linear(4, 3), nn.SiLU()), nn.Identity(), nn.Linear(3, 2)],
    "relu": lambda: [nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)],
    "leaky": lambda: [nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 3), nn.ELU(0.7)],
    "gelu": lambda: [nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 3), nn.GELU(approximate="tanh")],
    "softplus": lambda: [nn.Linear(4, 3), nn.Softplus(beta=2), nn.Linear(3, 2)],
    "softmax": lambda: [nn.Linear(4, 3), nn.Softmax(dim=-1), nn.Linear(3, 2), nn.LogSoftmax(dim=1)],
    "batch norm": lambda: [nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2)],
    "layer norm": lambda: [nn.Linear(4, 3), nn.LayerNorm(3), nn.Tanh(), nn.Linear(3, 2)],
    "plain norms": lambda: [
        nn.BatchNorm1d(4, affine=False), nn.Linear(4, 3),
        nn.LayerNorm(3, elementwise_affine=False), nn.Linear(3, 2),
    ],
}  # fmt: skip
IMAGES = {
    "conv": (lambda: [nn.Conv2d(2, 3, 2), nn.Tanh(), nn.Flatten(), nn.Linear(36, 2)], (2, 4, 5)),
    "conv, all of it": (
        lambda: [
            nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2)), nn.ReLU(),
            nn.Flatten(), nn.Linear(42, 2),
        ],
        (2, 4, 5),
    ),
    "sequence": (
        lambda: [
            nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.Sigmoid(), nn.AvgPool1d(2), nn.Flatten(),
            nn.Linear(6, 2),
        ],
        (2, 7),
    ),
    "lenet": (
        lambda: [
            nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 2, padding=1),
            nn.BatchNorm2d(3), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 3),
        ],
        (1, 8, 8),
    ),
    "pooling with a stride": (
        lambda: [nn.Conv2d(1, 2, 2), nn.MaxPool2d(3, stride=2), nn.AdaptiveAvgPool2d(1),
                 nn.Flatten(), nn.Dropout(0.5), nn.Linear(2, 2)],
        (1, 8, 8),
    ),
    "pooling of what is padded": (
        lambda: [nn.Conv2d(1, 2, 2), nn.MaxPool2d(3, stride=2, padding=1), nn.Tanh(),
                 nn.AvgPool2d((3, 2), stride=1, padding=(1, 0)), nn.Flatten(), nn.Linear(12, 2)],
        (1, 6, 7),
    ),
    "ceil mode": (
        lambda: [nn.Conv2d(1, 2, 2), nn.MaxPool2d((2, 3), stride=(2, 4), padding=(0, 1),
                                                  ceil_mode=True),
                 nn.AvgPool2d((3, 2), stride=1, ceil_mode=True), nn.Flatten(), nn.Linear(2, 2)],
        (1, 6, 8),
    ),
    "padding by a word": (
        lambda: [nn.Conv2d(1, 2, (2, 3), padding="same"), nn.SiLU(),
                 nn.Conv2d(2, 1, 2, padding="valid"), nn.Flatten(), nn.Linear(12, 2)],
        (1, 4, 5),
    ),
    "the greatest of each channel": (
        lambda: [nn.Conv2d(1, 3, 2), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(3, 2)],
        (1, 5, 4),
    ),
    "softmax of what was flattened": (
        lambda: [nn.Conv1d(1, 2, 2), nn.Flatten(), nn.LayerNorm(6), nn.Softmax(dim=1),
                 nn.Linear(6, 2)],
        (1, 4),
    ),
}  # fmt: skip
CASES = {name: (make, (4,)) for name, make in DENSE.items()} | IMAGES


def made(name, train=True):
    make, shape = CASES[name]
    torch.manual_seed(3)
    model = nn.Sequential(*make()).double()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.7)
    model.train()
    model(torch.randn(6, *shape, dtype=torch.float64))  # running means that are not 0 and 1
    return model.train(train), shape


def data(model, shape, samples=5):
    x = torch.randn(samples, *shape, dtype=torch.float64)
    return x, torch.randn(samples, *model(x).shape[1:], dtype=torch.float64)


def assert_the_same(read, x, y, cost, model):
    """Cost and gradient by the evaluator and by compiled code against PyTorch's."""
    cost.backward()
    slopes = [p.grad.numpy().ravel() for p in model.parameters()]
    system, values = read.at(x, y)
    names = [v.name for v in system.with_role(Role.PARAMETER)]
    assert float(Evaluation(system, values)["C"]) == pytest.approx(cost.item(), rel=1e-10)
    code = compile_numpy(system)
    found, *blocks = code(*(values[f] for f in code.families))
    assert float(found) == pytest.approx(cost.item(), rel=1e-10)
    ours = {n: np.asarray(b).ravel() for n, b in zip(names, blocks, strict=True)}
    assert len(ours) == len(slopes)
    for name, expected in zip(names, slopes, strict=True):
        np.testing.assert_allclose(ours[name], expected, rtol=1e-8, atol=1e-10)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("name", CASES)
def test_cost_and_gradient_are_those_of_pytorch(name, train):
    model, shape = made(name, train and "Dropout" not in str(CASES[name][0]()))
    x, y = data(model, shape)
    read = symbp.from_torch(model, "squared-error", shape)
    cost = ((model(x) - y) ** 2).sum() / len(x)
    assert_the_same(read, x, y, cost, model)


@pytest.mark.parametrize("name", ["tanh", "batch norm", "sequence"])
def test_the_gradient_is_proved(name):
    model, shape = made(name)
    system, values = symbp.from_torch(model, input_shape=shape).at(*data(model, shape, 3))
    assert symbp.verify(system, values=values).ok


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (nn.MSELoss(), lambda shape: torch.randn(shape, dtype=torch.float64)),
        (nn.CrossEntropyLoss(),
         lambda shape: torch.softmax(torch.randn(shape, dtype=torch.float64), 1)),
    ],
)  # fmt: skip
def test_losses_of_pytorch(loss, targets):
    model, shape = made("tanh")
    x, _ = data(model, shape)
    y = targets(model(x).shape)
    assert_the_same(symbp.from_torch(model, loss), x, y, loss(model(x), y), model)


def test_dropout_takes_a_mask():
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.25), nn.Linear(3, 2)).double()
    x, y = data(model, (4,))
    mask = (torch.rand(5, 3) > 0.25).double()
    read = symbp.from_torch(model, "half-squared-error")
    system, values = read.at(x, y, mask_1=mask)
    out = model[2](model[0](x) * mask / 0.75)
    cost = ((out - y) ** 2).sum() / 2 / len(x)
    assert float(Evaluation(system, values)["C"]) == pytest.approx(cost.item(), rel=1e-12)


def test_what_is_read_has_letters_for_its_sizes():
    read = symbp.from_torch(nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)))
    assert [str(e) for e in read.system.equations[:2]] == [
        "z_1[i, k] = b_1[k] + Sum(W_1[k, j]*x[i, j], (j, 1, n_0))   for 1 ≤ i ≤ m, 1 ≤ k ≤ n_1",
        "a_1[i, k] = tanh(z_1[i, k])   for 1 ≤ i ≤ m, 1 ≤ k ≤ n_1",
    ]
    assert read.system.sizes == {"n_0": 4, "n_1": 3, "n_2": 2}
    assert r"\tanh" in symbp.Network(read.system).post("standard")


def test_a_planted_fault_is_seen():
    model, shape = made("tanh")
    x, y = data(model, shape)
    read = symbp.from_torch(model, "squared-error")
    cost = ((model(x) - y) ** 2).sum() / len(x)
    wrong = {**read.values, "W_2": read.values["W_2"] * (1 + 1e-6)}
    with pytest.raises(AssertionError):
        assert_the_same(symbp.reading.pytorch.TorchModel(read.system, wrong), x, y, cost, model)


REFUSED = [
    ([nn.Linear(4, 3), nn.LSTM(3, 2)], None, UnknownNameError,
     "layer 1, LSTM: is not read (known: AdaptiveAvgPool1d, "),
    ([nn.Linear(4, 3), nn.Linear(4, 2)], None, SizeError, "layer 1, Linear: 3 met in_features=4"),
    ([nn.Conv2d(1, 2, 3)], None, SizeError,
     "the shape of a sample is not known: say input_shape=(channels, height, width)"),
    ([nn.Conv2d(1, 2, 9)], (1, 4, 4), SizeError,
     "layer 0, Conv2d: 1 × 4 × 4 met a window of 9 × 9 with dilation 1: none fits"),
    ([nn.Conv2d(3, 2, 2)], (1, 4, 4), SizeError,
     "layer 0, Conv2d: 1 × 4 × 4 met in_channels=3 and 2 axes of places"),
    ([nn.Conv2d(2, 2, 2, groups=2)], (2, 4, 4), UnknownNameError,
     "layer 0, Conv2d: is not read (groups=1, padding_mode='zeros')"),
    ([nn.Conv2d(1, 2, 2), nn.Linear(9, 2)], (1, 4, 4), SizeError,
     "layer 1, Linear: 2 × 3 × 3 met in_features=9: one axis expected (put nn.Flatten() before)"),
    ([nn.Conv2d(1, 2, 2)], (1, 4, 4), SizeError,
     "the output has 3 axes, 2 × 3 × 3: a loss takes one; end with a Linear layer"),
    ([nn.AvgPool2d(2, divisor_override=3)], (1, 4, 4), UnknownNameError,
     "layer 0, AvgPool2d: is not read (count_include_pad=True, divisor_override=None)"),
    ([nn.AvgPool1d(2, padding=1, count_include_pad=False)], (1, 4), UnknownNameError,
     "layer 0, AvgPool1d: is not read (count_include_pad=True, divisor_override=None)"),
    ([nn.AvgPool1d(2, ceil_mode=True)], (1, 5), UnknownNameError,
     "layer 0, AvgPool1d: is not read (ceil_mode=False, or windows that fit)"),
    ([nn.MaxPool1d(3, padding=1, dilation=2)], (1, 9), UnknownNameError,
     "layer 0, MaxPool1d: is not read (dilation=1 where there is padding or ceil_mode=True)"),
    ([nn.Linear(4, 3), nn.BatchNorm1d(4)], None, SizeError,
     "layer 1, BatchNorm1d: 3 met num_features=4"),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shape", "kind", "message"), REFUSED)
def test_what_is_not_read_is_said_with_the_layer(layers, shape, kind, message):
    with pytest.raises(kind) as error:
        symbp.from_torch(nn.Sequential(*layers), input_shape=shape)
    assert str(error.value).startswith(message)


def test_a_loss_that_no_table_has_is_named():
    with pytest.raises(SymbpError, match="unknown loss 'L1Loss'"):
        symbp.from_torch(nn.Sequential(nn.Linear(2, 1)), nn.L1Loss())

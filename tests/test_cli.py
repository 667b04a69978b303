"""The command as a person uses it: what it prints, how it fails, what it leaves alone."""

import json

import pytest

MAZUR = {
    "x": [0.05, 0.10],
    "y": [0.01, 0.99],
    "w": [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
    "b": [[0.35, 0.35], [0.60, 0.60]],
}


@pytest.fixture
def run(symbp):
    """(status, standard output, standard error) of a command line."""
    return symbp


@pytest.fixture
def values(tmp_path):
    path = tmp_path / "example.json"
    path.write_text(json.dumps(MAZUR))
    return path


def test_derive_prints_a_post(run):
    status, out, err = run("derive", "mlp", "--sizes", "2,2,1", "--lang", "zh")
    assert (status, err) == (0, "")
    assert out.startswith("# 全连接网络的反向传播推导")
    assert r"\frac{\partial J}{\partial w_{11}^{3}}" in out


def test_derive_writes_the_same_to_a_file(run, tmp_path):
    _, printed, _ = run("derive", "mlp", "--form", "short")
    status, out, _ = run("derive", "mlp", "--form", "short", "-o", str(tmp_path / "post.md"))
    assert (status, out) == (0, "")
    assert (tmp_path / "post.md").read_text() == printed


def test_one_weight_in_numbers(run, values):
    """The example of a well-known post: 0.082167041."""
    status, out, _ = run("derive", "mlp", "--sizes", "2,2,2", "--activation", "sigmoid",
                         "--wrt", "w^3_{11}", "--values", str(values))  # fmt: skip
    assert status == 0
    assert r"0.7413650696 \cdot 0.1868156018 \cdot 0.5932699921" in out
    assert "&= 0.0821670405" in out
    assert "A central difference of the cost gives $0.082167$." in out


def test_notations_shows_each_on_one_example(run):
    status, out, _ = run("notations")
    assert status == 0
    for name in ("bold", "edge", "ng", "pinard", "chain"):
        assert f"\n{name} " in "\n" + out
    assert r"\delta^{l} = (W^{l + 1})^{T} \delta^{l + 1} \odot \sigma^{'}(z^{l})" in out


def test_verify_prints_a_table(run):
    status, out, _ = run("verify", "mlp", "--sizes", "3,4,2", "--activation", "sigmoid,softmax",
                         "--loss", "cross-entropy")  # fmt: skip
    assert status == 0
    assert "proved" in out
    assert out.rstrip().endswith("verified")


def test_code_prints_numpy_that_runs(run):
    status, out, _ = run("code", "mlp", "--sizes", "2,3,1")
    assert status == 0
    compile(out, "gradient.py", "exec")
    assert "import numpy as np" in out


BAD = {
    "size": (["derive", "mlp", "--sizes", "2,0,1"], "--sizes: '0' is not a positive integer"),
    "word": (["derive", "mlp", "--sizes", "2,x"], "--sizes: 'x' is not a positive integer"),
    "one layer": (["derive", "mlp", "--sizes", "2"], "an input and at least one layer"),
    "activations": (
        ["derive", "mlp", "--sizes", "2,2,1", "--activation", "relu,relu,relu"],
        "3 settings of activation met 2 layers",
    ),
    "activation": (
        ["derive", "mlp", "--activation", "sigmoit"],
        "unknown function 'sigmoit': did you mean 'sigmoid'?",
    ),
    "loss": (["verify", "mlp", "--loss", "huberr"], "unknown loss 'huberr': did you mean 'huber'?"),
    "notation": (["derive", "mlp", "--notation", "x"], "unknown notation 'x'"),
    "language": (["derive", "mlp", "--lang", "fr"], "unknown language 'fr'"),
    "network": (
        ["derive", "lstn"],
        "unknown network 'lstn': did you mean 'lstm'? (`symbp networks` lists them)",
    ),
    "stride": (
        ["verify", "conv1d", "--set", "stride=0"],
        "--stride: '0' is not a positive integer",
    ),
    "padding": (
        ["verify", "conv1d", "--set", "padding=-1"],
        "--padding: '-1' is not an integer of at least 0",
    ),
    "several": (
        ["verify", "conv1d", "--set", "stride=1,2"],
        "--stride: '1,2' is 2 values, where one is needed",
    ),
    "two words": (
        ["verify", "lenet", "--set", "activation=tanh,relu"],
        "--activation: 'tanh,relu' is 2 values, where one is needed",
    ),
    "unnamed sizes": (
        ["verify", "lstm", "--sizes", "2,3"],
        "--sizes: '2' is not of the form NAME=NUMBER (sizes of lstm: d, n, T)",
    ),
    "size twice": (["verify", "lstm", "--sizes", "T=2,T=3"], "--sizes: T is given twice"),
    "option of another": (
        ["verify", "lstm", "--batch", "4"],
        "unknown option of lstm 'batch' (known: peepholes)",
    ),
    "no sizes of a network": (
        ["derive", "lstm", "--wrt", "b_{i,1}"],
        "--wrt and --values need numbers: give --sizes (d, n, T)",
    ),
    "weight": (["derive", "mlp", "--sizes", "2,1", "--wrt", "w^9_{11}"], "is no parameter"),
    "no sizes": (["derive", "mlp", "--wrt", "w^2_{11}"], "give --sizes"),
    "batch": (["derive", "mlp", "--batch", "-3"], "--batch: '-3' is not a positive integer"),
    "penalty": (["derive", "mlp", "--l2", "lambda/2m"], "give a batch"),
    "bias": (["derive", "mlp", "--bias", "maybe"], "--bias: 'maybe' is neither yes nor no"),
    "witness": (["verify", "mlp", "--witness", "me"], "unknown witness 'me'"),
    "option": (["derive", "mlp", "--size", "2,1"], "No such option"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_option_is_one_clear_line(run, case):
    arguments, message = BAD[case]
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err
    assert case == "option" or err.count("\n") == 1


def changed(**families):
    return json.dumps({**MAZUR, **families})


BAD_VALUES = {
    "missing": (json.dumps({"x": [1, 2]}), "no value for"),
    "misshapen": (changed(x=[1, 2, 3]), "x: shape (3,) met (2,)"),
    "ragged": (changed(w=[[[1, 2], [3]], [[1, 2], [3, 4]]]), "w: not an array of numbers"),
    "layers": (changed(b=[[1, 2]]), "b: 1 arrays met 2"),
    "text": (changed(y=["a", "b"]), "y: not an array of numbers"),
    "not JSON": ("{", "Expecting property name"),
    "no object": ("[1, 2]", "expected an object"),
    "unknown": (changed(v=[1]), "v"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values_are_one_clear_line(run, tmp_path, case):
    text, message = BAD_VALUES[case]
    path = tmp_path / "values.json"
    path.write_text(text)
    status, out, err = run("derive", "mlp", "--sizes", "2,2,2", "--activation", "sigmoid",
                           "--wrt", "w^3_{11}", "--values", str(path))  # fmt: skip
    assert (status, out) == (2, "")
    assert message in err
    assert str(path) in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there(run):
    status, _, err = run("derive", "mlp", "--sizes", "2,1", "--wrt", "w^2_{11}",
                         "--values", "nowhere.json")  # fmt: skip
    assert status == 2
    assert err == "symbp: nowhere.json: No such file or directory\n"


def test_a_file_that_is_not_text(run, tmp_path):
    path = tmp_path / "values.json"
    path.write_bytes(b"\xff\xfe\x00")
    status, _, err = run("derive", "mlp", "--sizes", "2,1", "--wrt", "w^2_{11}",
                         "--values", str(path))  # fmt: skip
    assert status == 2
    assert "not UTF-8 text" in err


def test_the_domain_of_the_loss_is_kept(run, tmp_path):
    path = tmp_path / "values.json"
    path.write_text(json.dumps({**MAZUR, "w": [[[9, 9], [9, 9]], [[-9, -9], [-9, -9]]]}))
    status, _, err = run("verify", "mlp", "--sizes", "2,2,2", "--activation", "identity",
                         "--loss", "cross-entropy", "--values", str(path))  # fmt: skip
    assert status == 2
    assert "cross-entropy" in err
    assert err.count("\n") == 1


def test_a_failure_leaves_the_output_file_as_it_was(run, tmp_path):
    path = tmp_path / "post.md"
    path.write_text("mine")
    assert run("derive", "mlp", "--loss", "nothing", "-o", str(path))[0] == 2
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["post.md"]


def test_an_output_folder_that_is_not_there(run, tmp_path):
    status, _, err = run("derive", "mlp", "--form", "short", "-o", str(tmp_path / "no" / "post.md"))
    assert status == 2
    assert err.count("\n") == 1
    assert "No such file or directory" in err


def test_help_names_the_commands(run):
    status, out, _ = run("--help")
    assert status == 0
    for command in ("derive", "verify", "code", "notations", "demo"):
        assert command in out


RNN = r"""
% an Elman network
h_t = \tanh(W x_t + U h_{t-1} + b); h_0 = 0
C = \frac{1}{2} \sum_{t=1}^T \|h_t - y_t\|^2
"""
GATED = r"""
# what a gate lets through
equations:
    f = \sigma(U x)
    z = f \odot (W x)
    C = \frac{1}{2} \|z - y\|^2
functions: \sigma sigmoid
"""


@pytest.mark.parametrize("text, parameters", [(RNN, "W U b"), (GATED, "U W")])
def test_a_network_of_ones_own_is_a_file_of_equations(run, tmp_path, text, parameters):
    path = tmp_path / "own.txt"
    path.write_text(text)
    status, out, _ = run("verify", "--equations", str(path))
    assert status == 0
    assert {line.split()[0] for line in out.splitlines()[1:-3]} == set(parameters.split())
    status, out, _ = run("derive", "--equations", str(path), "--form", "short")
    assert status == 0
    assert r"\frac{\partial \mathcal{L}}{\partial U}" in out
    status, out, _ = run("code", "--equations", str(path), "--sizes", "n_x=3")
    assert (status, out.splitlines()[0]) == (0, "import numpy as np")


@pytest.mark.parametrize(
    "text, options, message",
    [
        ("", [], "{path}: there are no equations (say: equations: and lines under it)"),
        ("z = W x +", [], "{path}: equation z = W x +: something is missing at the end"),
        ("equations:\n  z = x\nshaps: n", [], "{path}:3: unknown key 'shaps': did you mean 'sh"),
        ("C = x^2", ["--loss", "hinge"], "--loss is of networks of the library: {path} says it"),
        ("C = x^2", ["--sizes", "T=2"], "unknown option or size of {path} 'T'"),
        ("C = x^2", ["--sizes", "2,3"], "--sizes: '2' is not of the form NAME=NUMBER"),
        ("C = x^2", ["mlp"], "name one network (see `symbp networks`), or give --equations FILE"),
    ],
)  # fmt: skip
def test_a_file_of_equations_that_is_wrong_is_one_line(run, tmp_path, text, options, message):
    path = tmp_path / "own.txt"
    path.write_text(text)
    status, _, err = run("verify", "--equations", str(path), *options)
    assert status == 2
    assert err.startswith("symbp: " + message.format(path=path))
    assert err.count("\n") == 1


def test_several_settings_may_be_given_at_once(run):
    at_once = run("code", "conv1d", "--set", "stride=2,padding=1")
    assert at_once == run("code", "conv1d", "--set", "stride=2", "--set", "padding=1")
    assert at_once[2] == "symbp: sigmoid stands for sigma\n"


def test_an_option_of_an_entry_may_be_set_back(run):
    status, out, _ = run("networks", "padded-conv2d")
    assert status == 0
    assert "padding=1" in out
    status, out, _ = run("verify", "padded-conv2d", "--set", "padding=0", "--witness", "exact")
    assert status == 0
    assert "proved" in out

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The oracle's networks once more, by PyTorch in double precision.

Reads what each harness wrote (model.txt, record.json, record.npy), rebuilds the network from the
dump, and asks that outputs, losses, gradients and each step of torch.optim agree with the compiled
network within the oracle's own bounds. Exit status 77: PyTorch is not here.
"""
import json
import math
import pathlib
import re
import sys

try:
    import numpy as np
    import torch
    import torch.nn.functional as functional
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
STEPS = 10


class Formula:
    """A bracketed formula of the dump; `^` is Python's `**`."""

    FUNCTIONS = {"sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10,
                 "abs": abs, "min": min, "max": max}

    def __init__(self, text):
        self.code = None if text == "-" else compile(text.replace("^", "**"), text, "eval")

    def value(self, otherwise=0.0, **place):
        if self.code is None:
            return otherwise
        return float(eval(self.code, {"__builtins__": {}}, {**self.FUNCTIONS, **place}))


class Layer:
    """A tree `(kind [in] [out] word=… child …)`."""

    def __init__(self, tokens):
        assert tokens.pop(0) == "("
        self.kind = tokens.pop(0)
        self.shape_in, self.shape_out = json.loads(tokens.pop(0)), json.loads(tokens.pop(0))
        self.words, self.children = {}, []
        while tokens[0] != ")":
            if tokens[0] == "(":
                self.children.append(Layer(tokens))
            else:
                word, value = tokens.pop(0).split("=")
                self.words[word] = value
        tokens.pop(0)


def read_layer(text):
    return Layer(re.findall(r"[()]|[^\s()]+", text))


def words(text):
    """`a 1 b 2` as a dictionary."""
    parts = text.split()
    return dict(zip(parts[::2], parts[1::2]))


class Model:
    def __init__(self, path):
        self.params, self.stacks, self.tensors, self.items, self.train = {}, {}, {}, [], {}
        for line in path.read_text().splitlines():
            word, rest = line.split(" ", 1)
            getattr(self, "read_" + word, lambda text: None)(rest)

    def read_precision(self, text):
        self.precision = text

    def read_param(self, text):
        name, rest = text.split(" ", 1)
        self.params[name] = float(words(rest)["default"])

    def read_input(self, text):
        self.input = json.loads(text.split()[1])

    def read_stack(self, text):
        index, _, shape, *_ = text.split()
        self.stacks[index] = {"shape": json.loads(shape), "branches": []}

    def read_depth(self, text):
        index, formula = text.split(" ", 1)
        self.stacks[index]["depth"] = Formula(formula)

    def read_tensor(self, text):
        _, name, role, rest = text.split(" ", 3)
        facts = words(rest)
        self.tensors[name] = {"role": role, "stack": facts["stack"],
                              "shared": facts["shared"] == "1", "dims": json.loads(facts["dims"]),
                              "trainable": facts["trainable"] == "1",
                              "absolute": facts["absolute"] == "1", "rules": {}}

    def read_rule(self, kind, text):
        name, formula = text.split(" ", 1)
        self.tensors[name]["rules"][kind] = Formula(formula)

    def read_rate(self, text):
        self.read_rule("rate", text)

    def read_epsilon(self, text):
        self.read_rule("epsilon", text)

    def read_decay(self, text):
        self.read_rule("decay", text)

    def read_skip(self, text):
        index, kind, rest = text.split(" ", 2)
        self.stacks[index].update(skip=kind, **{"skip_" + k: v for k, v in words(rest).items()})

    def read_skip_dense(self, text):
        index, tree = text.split(" ", 1)
        self.stacks[index]["dense"] = read_layer(tree)

    def read_branch(self, text):
        index, _, _, _, _, alpha, _ = text.split(" ", 6)
        self.stacks[index]["branches"].append({"alpha": alpha, "post": None})

    def read_branch_layer(self, text):
        index, number, tree = text.split(" ", 2)
        self.stacks[index]["branches"][int(number)]["layer"] = read_layer(tree)

    def read_post(self, text):
        index, number, tree = text.split(" ", 2)
        self.stacks[index]["branches"][int(number)]["post"] = read_layer(tree)

    def read_item(self, text):
        kind, rest = text.split(" ", 1)
        self.items.append(rest if kind == "stack" else read_layer(rest))

    def read_train(self, text):
        key, value = text.split(" ", 1)
        plain = ("data", "loss", "optimizer", "nesterov", "schedule")
        self.train[key] = value if key in plain else Formula(value)


ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid,
               "erf": torch.erf, "gelu": functional.gelu, "silu": functional.silu,
               "softplus": functional.softplus, "sin": torch.sin}
SAME = {"linear", "dropout"}


class Network:
    """One evaluation: the tensors by name, and what batchnorm leaves behind."""

    def __init__(self, model, tensors, training):
        self.model, self.tensors, self.training, self.running = model, tensors, training, {}

    def tensor(self, name, layer):
        facts = self.model.tensors[name]
        value = self.tensors[name][0 if facts["shared"] or facts["stack"] == "-1" else layer]
        return value.abs() if facts["absolute"] else value

    def word(self, layer, part, index):
        return self.tensor(layer.words[part], index) if part in layer.words else None

    def batchnorm(self, layer, x, index):
        gain, bias, mean, variance = (self.word(layer, part, index)
                                      for part in ("gain", "bias", "mean", "variance"))
        mean, variance = mean.clone().detach(), variance.clone().detach()
        flat = x.reshape(-1, x.shape[-1])
        y = functional.batch_norm(flat, mean, variance, gain, bias, self.training, 0.1, 1e-5)
        self.running[layer.words["mean"], index] = mean
        self.running[layer.words["variance"], index] = variance
        return y.reshape(x.shape)

    def rmsnorm(self, layer, x, index):
        root = torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)
        return x / root * self.word(layer, "gain", index)

    def apply(self, layer, x, index=0):
        kind = layer.kind
        if kind in ACTIVATIONS:
            return ACTIVATIONS[kind](x)
        if kind in SAME:
            return x
        if kind in ("flatten", "reshape"):
            return x.reshape([len(x)] + layer.shape_out)
        if kind == "leaky_relu":
            return functional.leaky_relu(x, float(layer.words["number"]))
        if kind == "dense":
            return functional.linear(x, self.word(layer, "weight", index),
                                     self.word(layer, "bias", index))
        if kind == "permute":
            order = self.word(layer, "index", index).long()
            return x.reshape(len(x), -1)[:, order].reshape(x.shape)
        if kind == "standardize":
            mean, inverse = self.word(layer, "mean", index), self.word(layer, "inverse", index)
            return ((x.reshape(len(x), -1) - mean.reshape(-1)) * inverse.reshape(-1)).reshape(
                x.shape)
        if kind == "layernorm":
            return functional.layer_norm(x, x.shape[-1:], self.word(layer, "gain", index),
                                         self.word(layer, "bias", index), 1e-5)
        if kind == "rmsnorm":
            return self.rmsnorm(layer, x, index)
        if kind == "batchnorm":
            return self.batchnorm(layer, x, index)
        return self.compose(layer, x, index)

    def compose(self, layer, x, index):
        if layer.kind == "seq":
            for child in layer.children:
                x = self.apply(child, x, index)
            return x
        if layer.kind == "sum":
            return sum(self.apply(child, x, index) for child in layer.children)
        if layer.kind == "scale":
            return self.word(layer, "by", index) * self.apply(layer.children[0], x, index)
        raise ValueError(f"no such layer: {layer.kind}")

    def skip(self, stack, h, layer):
        kind = stack["skip"]
        if kind == "none":
            return torch.zeros_like(h)
        if kind == "haar":
            h = h @ self.tensor(stack["skip_filter"], layer).T
        elif kind == "cycle":
            h = torch.roll(h, 1, -1)
        elif kind == "householder":
            for v in self.tensor(stack["skip_filter"], layer):
                h = h - 2 * torch.outer(h @ v, v)
        elif kind == "hadamard":
            matrix = torch.ones(1, 1)
            while len(matrix) < h.shape[-1]:
                matrix = torch.kron(torch.tensor([[1.0, 1.0], [1.0, -1.0]]), matrix)
            h = (h * self.tensor(stack["skip_filter"], layer)) @ matrix / math.sqrt(len(matrix))
        elif kind == "dense":
            h = self.apply(stack["dense"], h, layer)
        scale = stack["skip_scale"]
        return h if scale == "-" else self.tensor(scale, layer) * h

    def stack(self, stack, h):
        for layer in range(stack["layers"]):
            for branch in stack["branches"]:
                alpha = 1.0 if branch["alpha"] == "-" else self.tensor(branch["alpha"], layer)
                h = self.skip(stack, h, layer) + alpha * self.apply(branch["layer"], h, layer)
                if branch["post"]:
                    h = self.apply(branch["post"], h, layer)
        return h

    def outputs(self, x):
        for item in self.model.items:
            x = self.stack(self.model.stacks[item], x) if isinstance(item, str) else self.apply(
                item, x)
        return x


class Check:
    def __init__(self, folder):
        self.name = folder.name
        self.model = Model(folder / "model.txt")
        names = json.loads((folder / "record.json").read_text())["arrays"]
        with open(folder / "record.npy", "rb") as file:
            self.arrays = {name: np.load(file) for name in names}
        for name in self.arrays:
            if name.startswith("param/"):
                self.model.params[name[6:]] = float(self.arrays[name][0])
        for stack in self.model.stacks.values():
            stack["layers"] = round(stack["depth"].value(**self.model.params))
        self.slack = 2 if self.model.precision == "float64" else 1 + 2.0 ** -29
        self.batch = int(self.arrays["setting/batch"][0])
        self.failures = self.compared = 0

    def layers(self, name):
        facts = self.model.tensors[name]
        alone = facts["shared"] or facts["stack"] == "-1"
        return 1 if alone else self.model.stacks[facts["stack"]]["layers"]

    def tensors(self, when):
        result = {}
        for name, facts in self.model.tensors.items():
            value = torch.tensor(self.arrays[f"{when}/{name}"])
            value = value.reshape([self.layers(name)] + facts["dims"])
            result[name] = value.requires_grad_(facts["trainable"])
        return result

    def inputs(self, when):
        x = torch.tensor(self.arrays[when[0]]).reshape([self.batch] + self.model.input)
        target = torch.tensor(self.arrays[when[1]])
        if self.model.train["loss"] == "cross_entropy":
            return x, target.long()
        return x, target.reshape(self.batch, -1)

    def losses(self, outputs, target):
        flat = outputs.reshape(self.batch, -1)
        if self.model.train["loss"] == "cross_entropy":
            return functional.cross_entropy(flat, target, reduction="none")
        return functional.mse_loss(flat, target, reduction="none").mean(-1)

    def compare(self, what, wanted, got, bound):
        """PyTorch rounds in double, so what it may be off is the same bound scaled by its unit
        roundoff over the network's: as much again for a network in double."""
        wanted = np.asarray(wanted.detach()).reshape(-1)
        difference = np.abs(wanted - got)
        wrong = int(np.sum(~(difference <= self.slack * bound)))
        self.compared += len(got)
        self.failures += wrong
        if wrong:
            print(f"{self.name}: {what}: {wrong} of {len(got)} beyond their bounds, "
                  f"by up to {np.max(difference / np.maximum(bound, 1e-300)):.3g} times")

    def compare_array(self, what, wanted, value, bound):
        self.compare(what, wanted, self.arrays[value], self.arrays[bound])

    def check_inference(self):
        network = Network(self.model, self.tensors("start"), False)
        x, target = self.inputs(("x/value", "target/value"))
        outputs = network.outputs(x)
        losses = self.losses(outputs, target)
        self.compare_array("outputs", outputs, "outputs/value", "outputs/bound")
        self.compare_array("losses", losses, "sample losses/value", "sample losses/bound")
        self.compare_array("loss", losses.mean(), "loss/value", "loss/bound")

    def check_gradients(self):
        tensors = self.tensors("start")
        x, target = self.inputs(("x/value", "target/value"))
        network = Network(self.model, tensors, True)
        self.losses(network.outputs(x), target).mean().backward()
        for name, facts in self.model.tensors.items():
            if facts["trainable"]:
                self.compare_array(f"gradient of {name}", tensors[name].grad, f"gradients/{name}",
                                   f"gradient bound/{name}")

    def group(self, name, tensor, rate):
        """One parameter group: its own rate, epsilon and decay."""
        facts, train, params = self.model.tensors[name], self.model.train, self.model.params
        place = dict(params)
        if facts["stack"] != "-1":
            place["depth"] = self.model.stacks[facts["stack"]]["layers"]
        rules = {key: facts["rules"].get(key, Formula("base")).value(base=base, **place)
                 for key, base in (("rate", rate), ("epsilon", train["epsilon"].value(**params)),
                                   ("decay", train["decay"].value(**params)))}
        decay = rules["decay"] if facts["role"] == "weight" else 0
        options = {"params": [tensor], "lr": rules["rate"], "weight_decay": decay}
        if train["optimizer"] != "sgd":
            options["eps"] = rules["epsilon"]
        return options

    def optimizer(self, tensors, rate):
        train, params = self.model.train, self.model.params
        number = {key: train[key].value(**params) for key in ("momentum", "beta1", "beta2")}
        groups = [self.group(name, tensor, rate) for name, tensor in tensors.items()
                  if tensor.requires_grad]
        betas = (number["beta1"], number["beta2"])
        make = {"sgd": lambda: torch.optim.SGD(groups, lr=1, momentum=number["momentum"],
                                               nesterov=train["nesterov"] == "1"),
                "adam": lambda: torch.optim.Adam(groups, betas=betas),
                "adamw": lambda: torch.optim.AdamW(groups, betas=betas),
                "rmsprop": lambda: torch.optim.RMSprop(groups, alpha=number["beta2"],
                                                       momentum=number["momentum"]),
                "adagrad": lambda: torch.optim.Adagrad(groups)}
        return make[train["optimizer"]]()

    def state(self, step, name, tensor):
        """PyTorch's names of the moments that the compiled network had."""
        kind = self.model.train["optimizer"]
        keys = {"sgd": ["momentum_buffer"], "adam": ["exp_avg", "exp_avg_sq"],
                "adamw": ["exp_avg", "exp_avg_sq"], "rmsprop": ["square_avg", "momentum_buffer"],
                "adagrad": ["sum"]}[kind]
        state = {}
        for number, key in enumerate(keys):
            array = self.arrays.get(f"step{step} moment{number}/{name}")
            if array is not None:
                state[key] = torch.tensor(array).reshape(tensor.shape)
        if kind != "sgd":
            state["step"] = step if kind == "rmsprop" else torch.tensor(float(step))
        return state

    def check_step(self, step):
        tensors = self.tensors(f"step{step} before")
        rate = float(self.arrays[f"step{step}/rate"][0])
        x, target = self.inputs((f"step{step}/x", f"step{step}/target"))
        network = Network(self.model, tensors, True)
        self.losses(network.outputs(x), target).mean().backward()
        trained = {name: tensor for name, tensor in tensors.items() if tensor.requires_grad}
        clip = self.model.train["clip"].value(math.inf, **self.model.params)
        norm = math.sqrt(sum(float((t.grad ** 2).sum()) for t in trained.values()))
        optimizer = self.optimizer(tensors, rate)
        for name, tensor in trained.items():
            tensor.grad *= min(1, clip / norm)
            optimizer.state[tensor] = self.state(step, name, tensor)
        optimizer.step()
        for (name, layer), value in network.running.items():
            tensors[name][layer] = value
        for name, tensor in tensors.items():
            self.compare_array(f"{name} after step {step}", tensor, f"step{step} after/{name}",
                               f"step{step} bound/{name}")

    def run(self):
        self.check_inference()
        self.check_gradients()
        for step in range(STEPS):
            self.check_step(step)
        print(f"{self.name}: {self.compared} numbers, {self.failures} beyond their bounds")
        return self.failures


def main():
    folders = sorted(path.parent for path in pathlib.Path(sys.argv[1]).glob("*/record.json"))
    if not folders:
        sys.exit("no records: run the oracle's tests first")
    failures = sum(Check(folder).run() for folder in folders)
    print(f"{len(folders)} networks, {failures} numbers beyond their bounds")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""The networks in PyTorch, eager or compiled, as fast as it allows.

Weights lie [in, out], so that a layer is one addmm; the addition to the state is in the product
where there is no bias, activations work in place, the optimiser is the fused one, and autograd gets
views of one stacked tensor or a tensor a layer, whichever is faster here.
"""
import math
import types

import torch
import torch.nn.functional as F

import peer_server

RATE = 1e-12  # the work of a step, and weights that stay where they are
# Layers that are compiled as one: a thousand take longer than anybody waits.
SEGMENT, FORWARD_SEGMENT = 25, 100


def dense(width_in, width_out, count=None):
    shape = (width_in, width_out) if count is None else (count, width_in, width_out)
    return torch.randn(shape) / math.sqrt(width_in)


def orthogonal(count, width):
    return torch.linalg.qr(torch.randn(count, width, width))[0].contiguous()


def activation(name, x, in_place):
    if name == "relu":
        return torch.relu_(x) if in_place else torch.relu(x)
    return torch.tanh_(x) if in_place else torch.tanh(x)


def affine(x, weight, bias):
    return x @ weight if bias is None else torch.addmm(bias, x, weight)


def make_layer(net):
    """h, the layer's tensors in order, and alpha where it is trained -> h."""
    alpha, skip, act = net.alpha, net.skip, net.activation

    def add(h, branch, scale):
        if scale is not None:
            return torch.addcmul(h, scale, branch)
        return torch.add(h, branch, alpha=alpha)

    def last_product(h, x, weight, bias, scale):
        if bias is None and scale is None:
            return torch.addmm(h, x, weight, alpha=alpha)
        return add(h, affine(x, weight, bias), scale)

    def layer(h, tensors, scale):
        tensors = list(tensors)
        weight = tensors.pop(0)
        bias = tensors.pop(0) if net.bias else None
        if net.branch == "pre":
            return last_product(h, activation(act, h, False), weight, bias, scale)
        inner = activation(act, affine(h, weight, bias), True)
        if net.branch == "two":
            weight = tensors.pop(0)
            return last_product(h, inner, weight, tensors.pop(0) if net.bias else None, scale)
        if net.filtered:
            return torch.addmm(inner, h, tensors.pop(0), beta=alpha, alpha=skip)
        return add(h, inner, scale)

    return layer


class Network:
    """`form` is stacked, list or compiled."""

    def __init__(self, net, form, trained):
        self.net, self.form, self.trained = net, form, trained
        self.layers = min(net.depth, SEGMENT if trained else FORWARD_SEGMENT)
        stacks = []
        for _ in range(2 if net.branch == "two" else 1):
            stacks.append(dense(net.width, net.width, net.depth))
            if net.bias:
                stacks.append(torch.zeros(net.depth, net.width))
        self.fixed = [orthogonal(net.depth, net.width)] if net.filtered else []
        if form == "list":
            self.stacks = [[self.keep(t.clone()) for t in stack.unbind(0)] for stack in stacks]
            self.params = [t for stack in self.stacks for t in stack]
        else:
            self.stacks = [self.keep(stack) for stack in stacks]
            self.params = list(self.stacks)
        self.layer = make_layer(net)
        self.embed = self.outer(net.inputs, net.width) if net.inputs else None
        self.head = self.outer(net.width, net.outputs) if net.outputs else None
        self.scale = None
        if net.learned_alpha:
            self.scale = self.keep(torch.tensor(net.alpha))
            self.params.append(self.scale)
        if form == "compiled":
            self.segment = torch.compile(self.run_segment, dynamic=False, fullgraph=True)

    def keep(self, tensor):
        return tensor.requires_grad_(self.trained)

    def outer(self, width_in, width_out):
        weight = self.keep(dense(width_in, width_out))
        bias = self.keep(torch.zeros(width_out)) if self.net.outer_bias else None
        self.params += [weight] if bias is None else [weight, bias]
        return weight, bias

    def run_segment(self, h, parts, scale):
        for tensors in zip(*[part.unbind(0) for part in parts]):
            h = self.layer(h, tensors, scale)
        return h

    def stack(self, h):
        scale = None if self.scale is None else self.scale.abs()
        if self.form == "compiled":
            pieces = [stack.split(self.layers) for stack in self.stacks + self.fixed]
            for parts in zip(*pieces):
                whole = parts[0].shape[0] == self.layers
                h = (self.segment if whole else self.run_segment)(h, parts, scale)
            return h
        stacks = [s if isinstance(s, list) else s.unbind(0) for s in self.stacks]
        for tensors in zip(*stacks, *[fixed.unbind(0) for fixed in self.fixed]):
            h = self.layer(h, tensors, scale)
        return h

    def before(self, x):
        return x if self.embed is None else affine(x, *self.embed)

    def after(self, h):
        return h if self.head is None else affine(h, *self.head)


def make_loss(net):
    features, outputs = net.inputs or net.width, net.outputs or net.width
    x = torch.rand(net.batch, features)
    if net.loss == "cross_entropy":
        target = torch.randint(outputs, (net.batch,))
        return x, lambda y: F.cross_entropy(y, target)
    target = torch.rand(net.batch, outputs)
    return x, lambda y: F.mse_loss(y, target)


def make_optimizer(net, params):
    kind = torch.optim.Adam if net.optimizer == "adam" else torch.optim.SGD
    try:
        return kind(params, lr=RATE, fused=True)
    except (RuntimeError, TypeError):
        return kind(params, lr=RATE)


def make_step(net, form):
    network = Network(net, form, True)
    x, loss_of = make_loss(net)
    optimizer = make_optimizer(net, network.params)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(network.after(network.stack(network.before(x)))).backward()
        optimizer.step()

    return step


def make_forward(net, form):
    network = Network(net, form, False)
    x, _ = make_loss(net)

    def forward():
        with torch.inference_mode():
            network.after(network.stack(network.before(x)))

    return forward


def make_pass(net, form):
    """Outputs, and the gradients of the states before and behind the stack; none of weights."""
    network = Network(net, form, False)
    network.layers = min(net.depth, SEGMENT)  # these are differentiated too
    x, loss_of = make_loss(net)

    def one_pass():
        first = network.before(x).requires_grad_()
        last = network.stack(first)
        torch.autograd.grad(loss_of(network.after(last)), [first, last])

    return one_pass


MAKERS = {"step": make_step, "forward": make_forward, "sweep": make_pass}


def prepare(spec):
    net = types.SimpleNamespace(**spec["net"])
    torch.set_num_threads(spec["threads"])
    torch.manual_seed(0)
    make = MAKERS[spec["what"]]
    if spec["mode"] == "compile":
        form, work = "compiled", make(net, "compiled")
    else:
        form, work = peer_server.faster({f: make(net, f) for f in ("stacked", "list")})
    return {"version": torch.__version__, "variant": form}, work


if __name__ == "__main__":
    peer_server.serve(prepare)

# SPDX-License-Identifier: Apache-2.0
"""The networks in JAX: the whole step under jit, layers under scan, buffers given back to it."""
import math
import types

import jax
import jax.numpy as jnp
from jax import lax

import peer_server

RATE = 1e-12
UNROLLS = (1, 8)  # layers a turn of scan; the faster is taken


def make_params(net, key):
    keys = iter(jax.random.split(key, 8))

    def dense(fan_in, *shape):
        return jax.random.normal(next(keys), shape) / math.sqrt(fan_in)

    layers = {}
    for name in ("1", "2") if net.branch == "two" else ("1",):
        layers["w" + name] = dense(net.width, net.depth, net.width, net.width)
        if net.bias:
            layers["b" + name] = jnp.zeros((net.depth, net.width))
    params = {"layers": layers}
    for name, sizes in (("embed", (net.inputs, net.width)), ("head", (net.width, net.outputs))):
        if all(sizes):
            params[name] = {"w": dense(sizes[0], *sizes)}
            if net.outer_bias:
                params[name]["b"] = jnp.zeros(sizes[1])
    if net.learned_alpha:
        params["alpha"] = jnp.float32(net.alpha)
    fixed = {}
    if net.filtered:
        fixed["o"] = jnp.linalg.qr(dense(1, net.depth, net.width, net.width))[0]
    return params, fixed


def affine(x, weight, bias):
    return x @ weight if bias is None else x @ weight + bias


def make_network(net, unroll):
    act = jax.nn.relu if net.activation == "relu" else jnp.tanh

    def branch(h, p):
        if net.branch == "pre":
            return affine(act(h), p["w1"], p.get("b1"))
        inner = act(affine(h, p["w1"], p.get("b1")))
        return affine(inner, p["w2"], p.get("b2")) if net.branch == "two" else inner

    def stack(h, params, fixed):
        alpha = jnp.abs(params["alpha"]) if net.learned_alpha else net.alpha

        def layer(h, p):
            skip = net.skip * (h @ p["o"]) if net.filtered else h
            return skip + alpha * branch(h, p), None

        return lax.scan(layer, h, {**params["layers"], **fixed}, unroll=unroll)[0]

    def outer(x, params, name):
        return affine(x, params[name]["w"], params[name].get("b")) if name in params else x

    return stack, outer


def make_loss(net, key):
    features, outputs = net.inputs or net.width, net.outputs or net.width
    x = jax.random.uniform(key, (net.batch, features))
    if net.loss == "cross_entropy":
        target = jax.random.randint(key, (net.batch,), 0, outputs)

        def loss_of(y, target):
            picked = jnp.take_along_axis(jax.nn.log_softmax(y), target[:, None], 1)
            return -picked.mean()
    else:
        target = jax.random.uniform(key, (net.batch, outputs))

        def loss_of(y, target):
            return ((y - target) ** 2).mean()
    return x, target, loss_of


def update_adam(params, moments, gradient, rate):
    first, second, count = moments
    count = count + 1
    tree = jax.tree_util.tree_map
    first = tree(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = tree(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    size = rate / (1 - 0.9**count)
    shrink = 1 / (1 - 0.999**count)
    params = tree(lambda p, m, v: p - size * m / (jnp.sqrt(v * shrink) + 1e-8),
                  params, first, second)
    return params, (first, second, count)


def update_sgd(params, moments, gradient, rate):
    return jax.tree_util.tree_map(lambda p, g: p - rate * g, params, gradient), moments


def make_step(net, unroll, key):
    params, fixed = make_params(net, key)
    x, target, loss_of = make_loss(net, key)
    stack, outer = make_network(net, unroll)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, params)
    moments = ()
    if net.optimizer == "adam":
        moments = (zeros, jax.tree_util.tree_map(jnp.zeros_like, params), jnp.float32(0))
    update = update_adam if net.optimizer == "adam" else update_sgd

    def loss(params, fixed, x, target):
        h = stack(outer(x, params, "embed"), params, fixed)
        return loss_of(outer(h, params, "head"), target)

    def step(params, moments, fixed, x, target, rate):
        value, gradient = jax.value_and_grad(loss)(params, fixed, x, target)
        params, moments = update(params, moments, gradient, rate)
        return params, moments, value

    compiled = jax.jit(step, donate_argnums=(0, 1))
    state = [params, moments]

    def work():
        state[0], state[1], value = compiled(state[0], state[1], fixed, x, target, RATE)
        jax.block_until_ready((state, value))

    return work


def make_forward(net, unroll, key):
    params, fixed = make_params(net, key)
    x, _, _ = make_loss(net, key)
    stack, outer = make_network(net, unroll)

    @jax.jit
    def forward(params, fixed, x):
        return outer(stack(outer(x, params, "embed"), params, fixed), params, "head")

    return lambda: forward(params, fixed, x).block_until_ready()


def make_pass(net, unroll, key):
    params, fixed = make_params(net, key)
    x, target, loss_of = make_loss(net, key)
    stack, outer = make_network(net, unroll)

    @jax.jit
    def one_pass(params, fixed, x, target):
        first = outer(x, params, "embed")
        last, back = jax.vjp(lambda h: stack(h, params, fixed), first)
        value, gradient = jax.value_and_grad(
            lambda h: loss_of(outer(h, params, "head"), target))(last)
        return value, last, gradient, back(gradient)[0]

    return lambda: jax.block_until_ready(one_pass(params, fixed, x, target))


MAKERS = {"step": make_step, "forward": make_forward, "sweep": make_pass}


def prepare(spec):
    net = types.SimpleNamespace(**spec["net"])
    key, make = jax.random.PRNGKey(0), MAKERS[spec["what"]]
    unroll, work = peer_server.faster(
        {str(count): make(net, count, key) for count in UNROLLS if count <= net.depth})
    return {"version": jax.__version__, "variant": "scan, unroll " + unroll}, work


if __name__ == "__main__":
    peer_server.serve(prepare)

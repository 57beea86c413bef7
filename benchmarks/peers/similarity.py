"""The sample-similarity terms in PyTorch: what ours are compared with.

Both sums over all pairs of samples (arXiv 2302.14703) for a batch of random inputs, from inputs and
gate scores to the gradient of the scores, distances included (torch.cdist):

    double sum   for each pair of experts the outer product of their probabilities times D, summed,
                 as the formula is written
    products     the trace and the sum of P^T D P

    python benchmarks/peers/similarity.py 512/5 [--seconds .5]

prints a line of JSON for each ROWS/EXPERTS: for each program the milliseconds of every step, and
the gradient's relative error against float64.
"""

import argparse

import torch

from rounds import milliseconds, serve

WIDTH = 784
MOST_SUMMED = 1 << 30  # entries of all outer products; a step of more takes half a minute


def double_sum(p_BE, d_BB):
    experts = p_BE.shape[1]
    same = different = 0
    for i in range(experts):
        for j in range(experts):
            total = (torch.outer(p_BE[:, i], p_BE[:, j]) * d_BB).sum()
            if i == j:
                same = same + total
            else:
                different = different + total
    return same, different


def products(p_BE, d_BB):
    s_EE = p_BE.T @ d_BB @ p_BE
    return s_EE.trace(), s_EE.sum() - s_EE.trace()


PROGRAMS = {"double sum": double_sum, "products": products}


def loss(x_BD, scores_BE, sums):
    experts = scores_BE.shape[1]
    d_BB = torch.cdist(x_BD, x_BD)
    same, different = sums(scores_BE.softmax(1), d_BB / d_BB.mean())
    scale = (experts / len(x_BD)) ** 2
    return scale * (.3 * same / experts - .2 * different / (experts * experts - experts))


def measure(work, seconds):
    rows, experts = map(int, work.split("/"))
    torch.manual_seed(0)
    x_BD, scores_BE = torch.randn(rows, WIDTH), torch.randn(rows, experts)
    exact = scores_BE.double().requires_grad_()
    loss(x_BD.double(), exact, products).backward()
    scores_BE.requires_grad_()
    runs = {}
    for name, sums in PROGRAMS.items():
        if name == "double sum" and rows * rows * experts * experts > MOST_SUMMED:
            continue

        def step():
            scores_BE.grad = None
            loss(x_BD, scores_BE, sums).backward()

        step()
        error = ((scores_BE.grad - exact.grad).norm() / exact.grad.norm()).item()
        runs[name] = {"ms": milliseconds(step, seconds, least=1), "error": error}
    return {"programs": runs}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", nargs="*", help="ROWS/EXPERTS; from the input if left out")
    parser.add_argument("--seconds", type=float, default=.5, help="for each program")
    flags = parser.parse_args()
    serve(flags.work, lambda work: measure(work, flags.seconds))


if __name__ == "__main__":
    main()

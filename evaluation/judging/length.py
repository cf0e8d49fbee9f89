"""length: does a judge like long replies more than the people do whose labels it is held to?

Lengths are counted in characters, which every script has. Only rows count in which judge and label both decide and the two
replies differ in length.
"""

import numpy as np

from interalign.evaluation.judging.estimates import Counted, Floats, Ints, estimate, undefined

__all__ = ["length_excess", "length_odds"]

_NONE = "nothing was decided by judge and label between replies of different length"
_RIDGE = 1.0
_STEPS = 25


def length_excess(judge_N: Ints, label_N: Ints, lengths_N2: Ints) -> Counted:
    """How much more often the judge chooses the longer reply than the labels do: a difference of shares, -1 to 1.

    Choices are 0 for the first reply and 1 for the second.
    """
    judge_N, label_N, lengths_N2 = _usable(judge_N, label_N, lengths_N2)
    longer_N = lengths_N2.argmax(axis=1)
    gains_N = (judge_N == longer_N).astype(np.float64) - (label_N == longer_N)
    return estimate(lambda weights_BN: weights_BN @ gains_N / len(gains_N), len(gains_N), len(gains_N), _NONE)


def length_odds(judge_N: Ints, label_N: Ints, lengths_N2: Ints) -> Counted:
    """By what factor the odds of a reply to be chosen change when it is twice as long, the label being equal.

    A logistic regression of the judge's choice on the label and on the difference of log2 lengths, without intercept, as the
    order of the replies is arbitrary. A ridge of 1 keeps it finite where the choices can be told apart perfectly.
    """
    judge_N, label_N, lengths_N2 = _usable(judge_N, label_N, lengths_N2)
    if not len(judge_N):
        return undefined(_NONE)
    logs_N2 = np.log2(np.maximum(lengths_N2, 1))
    features_ND = np.stack([label_N * 2.0 - 1, logs_N2[:, 1] - logs_N2[:, 0]], axis=1).astype(np.float64)
    chosen_N = judge_N.astype(np.float64)
    return estimate(
        lambda weights_BN: np.exp(ridge_logistic(features_ND, chosen_N, weights_BN)[:, 1]),
        len(chosen_N),
        len(chosen_N),
        _NONE,
    )


def _usable(judge_N: Ints, label_N: Ints, lengths_N2: Ints) -> tuple[Ints, Ints, Ints]:
    good = np.isin(judge_N, (0, 1)) & np.isin(label_N, (0, 1)) & (lengths_N2[:, 0] != lengths_N2[:, 1])
    return judge_N[good], label_N[good], lengths_N2[good]


def ridge_logistic(features_ND: Floats, chosen_N: Floats, weights_BN: Floats) -> Floats:
    """Coefficients (B, D) that minimise the weighted logistic loss + |coefficients|^2 / 2, by Newton's method.

    The loss is convex and the ridge bounds its curvature from below; steps are cut to a length of 2, so that a few decided rows
    cannot throw the first ones far off.
    """
    found_BD = np.zeros((len(weights_BN), features_ND.shape[1]))
    for _ in range(_STEPS):
        odds_BN = np.clip(found_BD @ features_ND.T, -40, 40)
        likely_BN = 1 / (1 + np.exp(-odds_BN))
        slope_BD = (weights_BN * (chosen_N - likely_BN)) @ features_ND - _RIDGE * found_BD
        bend_BN = weights_BN * likely_BN * (1 - likely_BN)
        bend_BDD = np.einsum("bn,nd,ne->bde", bend_BN, features_ND, features_ND, optimize=True)
        bend_BDD += _RIDGE * np.eye(features_ND.shape[1])
        step_BD = np.linalg.solve(bend_BDD, slope_BD[..., None])[..., 0]
        length_B = np.linalg.norm(step_BD, axis=1, keepdims=True)
        found_BD += step_BD * np.minimum(1, 2 / np.maximum(length_B, 1e-12))
        if length_B.max() < 1e-9:
            break
    return found_BD

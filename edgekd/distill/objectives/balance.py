"""The weights of the losses: so that each pulls at the student as hard as it should, and no other.

Losses of different kinds differ in size by a hundred or a thousand times, and a weight that is ten times
wrong turns a gain into a loss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf

from edgekd.errors import UsageError

_DECAY = 0.9  # of the running means
_LIMIT = 1000.0  # of an automatic weight, in shares
_DEAD = 0.01  # a loss is dead with a smaller share of the mean pull of the others
_DOMINATING = 0.9  # a loss dominates with a larger share of the pull of all that live
_PATIENCE = 20  # measurements in a row before either is said


def gradient_norms(
    tape: tf.GradientTape, losses: Mapping[str, tf.Tensor], shared: Sequence[tf.Tensor]
) -> dict[str, tf.Tensor]:
    """How hard each loss pulls: the norm of its gradient by what all of them go through.

    Args:
        tape: persistent.
        losses: scalars.
        shared: variables; or tensors, such as the student's last states, which cost less than all the
            weights.
    """
    return {
        name: tf.linalg.global_norm(tape.gradient(loss, shared, unconnected_gradients="zero"))
        for name, loss in losses.items()
    }


class LossBalance(tf.Module):
    """Follows losses and their gradients, weighs them, and names what is dead or drowns the rest.

    The pull of a loss is its weight times the norm of its gradient. Automatic weights bring it to the loss's
    share of the pull of all together:

        weight_i = share_i * norm / norm_i,    norm = sum(share_i * norm_i) / sum(share_i)

    which is where GradNorm (Chen et al., 2018) without its training rates (its alpha = 0) settles, solved for
    instead of learned, and with the pull of all together kept instead of the sum of the weights. The norms
    are running means. No weight grows beyond a thousand times its share, so that a loss that has been learned
    to the end is let go.

    All that it knows is in variables: `update` and `total` run inside a training step, and
    tf.train.Checkpoint keeps them.

    Args:
        shares: by name; how much each loss is to pull, or its weight as it is where that is not automatic. 0
            switches a loss off.
        automatic: whether weights follow from the gradients.
    """

    def __init__(self, shares: Mapping[str, float], *, automatic: bool = True) -> None:
        super().__init__(name="loss_balance")
        if any(share < 0 for share in shares.values()) or not any(shares.values()):
            raise UsageError(
                f"the shares of the losses are {dict(shares)}", expected="none below 0, and one above"
            )
        self.names, self.automatic = tuple(shares), automatic
        self._shares = tf.constant(list(shares.values()), tf.float32)
        self._sizes, self._norms = (
            tf.Variable(tf.ones_like(self._shares), trainable=False) for _ in range(2)
        )
        self._updates = tf.Variable(0.0, trainable=False)
        self._dead_for, self._dominating_for = (
            tf.Variable(tf.zeros(len(shares), tf.int32), trainable=False) for _ in range(2)
        )

    def update(self, losses: Mapping[str, tf.Tensor], norms: Mapping[str, tf.Tensor]) -> None:
        """Take in the losses, scalars, and the norms of their gradients, before any weight."""
        # A plain mean at first, so that the start does not linger in it.
        kept = tf.minimum(_DECAY, self._updates / (self._updates + 1))
        for mean, values in ((self._sizes, losses), (self._norms, norms)):
            mean.assign(kept * mean + (1 - kept) * tf.stack([tf.abs(values[name]) for name in self.names]))
        self._updates.assign_add(1)

        pulls, on = self._weights() * self._norms, self._shares > 0
        others = tf.reduce_sum(tf.cast(on, tf.float32)) - 1
        dead = on & (pulls * others < _DEAD * (tf.reduce_sum(pulls) - pulls))
        living = tf.where(dead, tf.zeros_like(pulls), pulls)
        rest = tf.reduce_sum(living) - living
        dominating = (rest > 0) & (living > _DOMINATING * (living + rest))
        for streak, now in ((self._dead_for, dead), (self._dominating_for, dominating)):
            streak.assign(tf.where(now, streak + 1, 0))

    def weights(self) -> dict[str, tf.Tensor]:
        """What to multiply each loss with; no gradient passes."""
        return self._by_name(self._weights())

    def total(self, losses: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """The sum of the losses with their weights."""
        return tf.add_n([weight * losses[name] for name, weight in self.weights().items()])

    def figures(self) -> dict[str, tf.Tensor]:
        """For the log: the size, the gradient norm and the weight of each loss."""
        columns = {"size": self._sizes, "gradient_norm": self._norms, "weight": self._weights()}
        return {
            f"{column}/{name}": value
            for column, values in columns.items()
            for name, value in self._by_name(values).items()
        }

    def complaints(self) -> list[str]:
        """A sentence for each loss that is dead or dominates; outside of a training step."""
        said = []
        weights, norms = self._weights().numpy(), self._norms.numpy()
        for name, weight, norm, dead_for, dominating_for in zip(
            self.names, weights, norms, self._dead_for.numpy(), self._dominating_for.numpy(), strict=True
        ):
            measured = f"weight {weight:.3g}, gradient norm {norm:.3g}"
            if dead_for >= _PATIENCE:
                said.append(
                    f"the loss {name} is dead: in {dead_for} measurements it has pulled less than "
                    f"{_DEAD:.0%} as hard as the others do on average ({measured}); drop it, or look why it "
                    "no longer learns"
                )
            if dominating_for >= _PATIENCE:
                said.append(
                    f"the loss {name} dominates: in {dominating_for} measurements it has had more than "
                    f"{_DOMINATING:.0%} of the pull at the student ({measured}); lower its weight"
                )
        return said

    def _weights(self) -> tf.Tensor:
        if not self.automatic:
            return self._shares
        mean_norm = tf.reduce_sum(self._shares * self._norms) / tf.reduce_sum(self._shares)
        return self._shares * tf.math.divide_no_nan(mean_norm, tf.maximum(self._norms, mean_norm / _LIMIT))

    def _by_name(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
        return dict(zip(self.names, tf.unstack(values), strict=True))

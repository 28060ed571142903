"""The loop that trains a network on texts: for a student, for its control, and for pre-training."""

from __future__ import annotations

import functools
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from edgekd.distill.token_table import PieceNumbers, TokenTable
from edgekd.errors import EdgekdError, RunError
from edgekd.progress import Progress, silent
from edgekd.quantize.aware import LearntGrid
from edgekd.recipe import Training
from edgekd.students.compiled import compiled

Watch = Callable[[int, dict[str, float]], None]
"""Told how many epochs are done, and the figures of the last: "train/loss", "dev/accuracy". What it raises
stops the training, which then goes on from here when it is called again."""


@dataclass(frozen=True)
class TrainingReport:
    """What a training run took; of the epochs since it was last resumed.

    Attributes:
        epochs: passes made now.
        texts_per_second, tokens_per_second: seen in training, per second of training.
        train_s: seconds of training.
        losses: means over the last pass, by name.
        devices: that it ran on, side by side.
    """

    epochs: int
    texts_per_second: float
    tokens_per_second: float
    train_s: float
    losses: dict[str, float]
    devices: int


class Batch(Protocol):
    """What one step sees: a named tuple of arrays, which are tensors inside the step."""

    numbers: np.ndarray | tf.Tensor
    """Token numbers of the table, int32 (texts, tokens); 0 for padding, -1 for a word that is hidden."""


class TrainingLoop(ABC):
    """Trains a network on batches of texts; `run` may be interrupted and called again.

    Made in the scope of a strategy with several devices, each has a copy of the weights and a batch of its
    own in each step, and what is learnt is the mean of their gradients.

    Args:
        network: from features and mask to outputs; its weights are trained.
        published: the same layers; it gets the running mean of the weights after each epoch, on the grid of
            the exported file where `training` asks for it.
        table: the features of the tokens; `use` brings in another.
        training: how.
        steps_per_epoch: batches that `batches` gives.
        folder: for checkpoints and TensorBoard logs.
        companions: layers that `losses` goes through, trained with the network and thrown away.
    """

    def __init__(
        self,
        network: keras.Model,
        published: keras.Model,
        table: TokenTable | PieceNumbers,
        training: Training,
        steps_per_epoch: int,
        folder: Path,
        *,
        companions: Sequence[keras.layers.Layer] = (),
    ) -> None:
        self.training, self.folder = training, folder
        self.companions = list(companions)
        self._strategy = tf.distribute.get_strategy()
        self.replicas = self._strategy.num_replicas_in_sync
        self.steps_per_epoch = -(-steps_per_epoch // self.replicas)
        self._network, self._published = network, published
        self._mean = keras.models.clone_model(published)
        self._mean.set_weights(published.get_weights())
        self._grid = LearntGrid(self._network, training.qat) if training.qat else None
        self._trained = [
            *self._network.trainable_variables,
            *(self._grid.log_steps if self._grid else ()),
            *(weight for layer in self.companions for weight in layer.trainable_variables),
        ]
        self._features = table.features()
        self._optimizer = _optimizer(training, self.steps_per_epoch * training.epochs, self.replicas)
        self._optimizer.build(self._trained)
        # Everything inference needs: weights and the statistics of the batch norm, but no random state.
        self._averages = [
            (weight, mean)
            for weight, mean in zip(self._network.weights, self._mean.weights, strict=True)
            if weight.dtype == "float32"
        ]
        self._epoch = tf.Variable(0, dtype=tf.int64, trainable=False)
        checkpoint = tf.train.Checkpoint(
            network=self._network, optimizer=self._optimizer, mean=self._mean, epoch=self._epoch
        )
        if self._grid:
            checkpoint.log_steps = [log_step.value for log_step in self._grid.log_steps]
        checkpoint.companions = self.companions
        for name, part in self.state().items():
            setattr(checkpoint, name, part)
        self._checkpoints = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=1)
        self._writer = tf.summary.create_file_writer(str(folder / "tensorboard"))
        # One graph for texts of any number of tokens.
        self.step = tf.function(self._train_step, autograph=False, reduce_retracing=True)
        # Of the weights before a step, not after it, so that it is done while the student computes.
        self._average, self._update = self._move_averages, self._descend_everywhere
        # XLA makes code for one device, and weights that are mirrored are on several.
        if self.replicas == 1:
            self._average, self._update = compiled(self._move_averages), compiled(self._descend)

    def run(
        self,
        *,
        progress: Progress = silent,
        evaluate: Callable[[], dict[str, float]] | None = None,
        watch: Watch | None = None,
        description: str = "training",
    ) -> TrainingReport:
        """Train to the last epoch, from the last checkpoint where there is one.

        Args:
            progress: counts steps.
            evaluate: called after each epoch; its figures go to TensorBoard.
            watch: told of each epoch once its checkpoint is written.
            description: for the progress.
        """
        training = self.training
        self._restore()
        first = int(self._epoch.numpy())
        self._publish()
        trained_s, texts, tokens, losses = 0.0, 0, 0, {}
        steps_left = (training.epochs - first) * self.steps_per_epoch
        with progress(description, steps_left) as advance:
            for epoch in range(first, training.epochs):
                # One generator an epoch, so that a resumed run draws what an uninterrupted one would.
                rng = np.random.default_rng([training.seed, epoch])
                sums: dict[str, float] = {}
                quantized = epoch >= self._first_quantized
                if self._grid and epoch == self._first_quantized:
                    self._grid.fit(self._network)
                begin = time.perf_counter()
                for batches in self._side_by_side(rng):
                    step_losses = self.step(self._on_devices(batches), quantized=quantized)
                    texts += sum(len(batch.numbers) for batch in batches)
                    tokens += sum(np.count_nonzero(batch.numbers) for batch in batches)
                    for name, value in step_losses.items():
                        sums[name] = sums.get(name, 0.0) + float(value)
                    advance(1)
                trained_s += time.perf_counter() - begin
                losses = {name: value / self.steps_per_epoch for name, value in sums.items()}
                if not np.isfinite(losses["loss"]):
                    raise RunError(
                        f"the loss is {losses['loss']} in epoch {epoch + 1}",
                        expected="a finite loss",
                        fix="lower training.learning_rate in the recipe, and start in a new folder",
                    )
                figures = {f"train/{name}": value for name, value in losses.items()}
                figures["train/learning_rate"] = float(self._optimizer.learning_rate)
                figures.update({f"train/{name}": float(value) for name, value in self.figures().items()})
                self._epoch.assign(epoch + 1)
                self._publish()
                if evaluate:
                    figures.update({f"dev/{name}": value for name, value in evaluate().items()})
                self._save(figures)
                if watch:
                    watch(epoch + 1, figures)
        return TrainingReport(
            epochs=training.epochs - first,
            texts_per_second=texts / trained_s if trained_s else 0.0,
            tokens_per_second=tokens / trained_s if trained_s else 0.0,
            train_s=trained_s,
            losses=losses,
            devices=self.replicas,
        )

    @abstractmethod
    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """One pass."""

    @abstractmethod
    def losses(self, outputs: dict[str, tf.Tensor], batch: Batch) -> dict[str, tf.Tensor]:
        """Scalars by name; the one called "loss" is made small, the others are logged.

        Args:
            outputs: of the network, for what `inputs` gave it.
            batch: with its targets.
        """

    def inputs(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        """Features and mask (texts, tokens) of a batch, for the network."""
        return self._features(batch.numbers), tf.cast(tf.not_equal(batch.numbers, 0), tf.float32)

    def state(self) -> dict[str, tf.Module]:
        """What else a checkpoint must hold, by name."""
        return {}

    def figures(self) -> dict[str, tf.Tensor]:
        """What else to log after an epoch, by name."""
        return {}

    def use(self, table: TokenTable | PieceNumbers) -> None:
        """From now on token numbers are those of this table."""
        self._features.take(table)

    def _side_by_side(self, rng: np.random.Generator) -> Iterator[list[Batch]]:
        """One pass, by steps: a batch for each device; in the last step some may come a second time."""
        batches = self.batches(rng)
        while group := list(itertools.islice(batches, self.replicas)):
            yield list(itertools.islice(itertools.cycle(group), self.replicas))

    def _on_devices(self, batches: list[Batch]) -> Batch:
        if self.replicas == 1:
            return batches[0]
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.nest.map_structure(tf.constant, batches[context.replica_id_in_sync_group])
        )

    def _train_step(self, batch: Batch, quantized: bool = False) -> dict[str, tf.Tensor]:
        self._average()
        gradients, losses = self.on_all_devices(self._gradients, batch, quantized)
        self._update(gradients)
        return losses

    def on_all_devices(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of batches gives, the mean of the devices; inside of a graph."""
        found = self._strategy.run(function, args=arguments)
        if self.replicas == 1:
            return found
        mean = functools.partial(self._strategy.reduce, tf.distribute.ReduceOp.MEAN, axis=None)
        return tf.nest.map_structure(mean, found)

    def _gradients(self, batch: Batch, quantized: bool) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        """Of the loss by all that is trained, on one device; and the losses."""
        features, mask = self.inputs(batch)
        with tf.GradientTape() as tape:
            outputs = self._outputs(features, mask, quantized=quantized)
            losses = self.losses(outputs, batch)
        weights = [weight.value for weight in self._trained]
        return tape.gradient(losses["loss"], weights, unconnected_gradients="zero"), losses

    def _outputs(self, features: tf.Tensor, mask: tf.Tensor, *, quantized: bool) -> dict[str, tf.Tensor]:
        """Of the network in training, with its matrices as they are or on the grid of the exported file."""
        if not quantized:
            return self._network([features, mask], training=True)
        with keras.StatelessScope(self._grid.quantized(self._network)) as scope:
            outputs = self._network([features, mask], training=True)
        for variable in self._network.non_trainable_variables:
            if (value := scope.get_current_value(variable)) is not None:
                variable.assign(value)
        return outputs

    def _descend(self, gradients: list[tf.Tensor]) -> None:
        self._optimizer.apply(gradients, self._trained)

    def _descend_everywhere(self, gradients: list[tf.Tensor]) -> None:
        """On all devices; the optimizer clips the gradients and then sums those of the devices."""
        self._strategy.run(self._descend, args=([one / self.replicas for one in gradients],))

    def _move_averages(self) -> None:
        """Move the running means towards the weights."""
        step = tf.cast(self._optimizer.iterations.value, tf.float32)
        decay = tf.minimum(self.training.ema, step / (step + 10))
        for weight, mean in self._averages:
            mean.value.assign_add((1 - decay) * (weight.value - mean.value))

    @property
    def _first_quantized(self) -> int:
        """The epoch from which on the products see quantized weights; the number of epochs if none does."""
        training = self.training
        if not training.qat:
            return training.epochs
        return min(round(training.epochs * (1 - training.qat_share)), training.epochs - 1)

    def _publish(self) -> None:
        """Give the student the running mean, quantized if the epochs up to now have got that far."""
        self._published.set_weights(self._mean.get_weights())
        if int(self._epoch.numpy()) > self._first_quantized:
            for kernel, values in self._grid.quantized(self._published):
                kernel.assign(values)

    def _restore(self) -> None:
        latest = self._checkpoints.latest_checkpoint
        if not latest:
            return
        try:
            self._checkpoints.checkpoint.restore(latest).assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            raise RunError(
                f"the checkpoint {latest} does not fit this student: {str(error).splitlines()[0]}",
                expected="a checkpoint of the same recipe and version",
                fix="start again in a new folder",
            ) from error

    def _save(self, figures: dict[str, float]) -> None:
        """Log the figures of the epoch that has ended, and write its checkpoint."""
        try:
            with self._writer.as_default(step=int(self._epoch.numpy())):
                for name, value in figures.items():
                    tf.summary.scalar(name, value)
            self._writer.flush()
            self._checkpoints.save()
        except (OSError, tf.errors.OpError) as error:
            raise EdgekdError(
                f"cannot write a checkpoint to {self.folder}: {str(error).splitlines()[0]}",
                expected="room on the disk; the epoch before is kept",
                fix="free some space and go on with the run",
            ) from error


def _optimizer(training: Training, steps: int, replicas: int) -> keras.optimizers.Optimizer:
    warmup = round(training.warmup * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(steps - warmup, 1),
        warmup_target=training.learning_rate,
        warmup_steps=max(warmup, 1),
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=training.weight_decay,
        global_clipnorm=training.clip_norm / replicas,
        beta_2=0.98,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "log_step"])
    return optimizer

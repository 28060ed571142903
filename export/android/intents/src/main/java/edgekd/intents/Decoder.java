package edgekd.intents;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** From a model's numbers to labels, slots and scores. */
final class Decoder {
    private final Manifest manifest;

    Decoder(Manifest manifest) {
        this.manifest = manifest;
    }

    Result decode(String text, Outputs outputs, boolean truncated) {
        List<String> labels = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        Double outOfScope = null;
        if (outputs.labelLogits != null && manifest.multilabel) {
            for (int i = 0; i < outputs.labelLogits.length; i++) {
                if (outputs.labelLogits[i] > 0) {
                    labels.add(manifest.labels.get(i));
                    scores.add(1 / (1 + Math.exp(-outputs.labelLogits[i])));
                }
            }
        } else if (outputs.labelLogits != null) {
            double[] probabilities = softmax(outputs.labelLogits);
            int best = 0;
            for (int i = 1; i < probabilities.length; i++) {
                if (outputs.labelLogits[i] > outputs.labelLogits[best]) {
                    best = i;
                }
            }
            labels.add(manifest.labels.get(best));
            scores.add(probabilities[best]);
            outOfScope = outOfScopeScore(probabilities);
        }
        return new Result(
                Collections.unmodifiableList(labels),
                Collections.unmodifiableList(scores),
                Collections.unmodifiableList(slots(text, outputs)),
                outOfScope != null && outOfScope > manifest.outOfScopeThreshold,
                outOfScope,
                truncated);
    }

    /** 1 minus the best probability of a label that stands for something; null without a threshold. */
    private Double outOfScopeScore(double[] probabilities) {
        if (manifest.outOfScopeThreshold == null) {
            return null;
        }
        double best = 0;
        for (int i = 0; i < probabilities.length; i++) {
            if (!manifest.labels.get(i).equals(manifest.outOfScopeLabel)) {
                best = Math.max(best, probabilities[i]);
            }
        }
        return 1 - best;
    }

    /** Joins B-x I-x ... into slots. */
    private List<Slot> slots(String text, Outputs outputs) {
        List<Slot> slots = new ArrayList<>();
        if (outputs.tagLogits == null) {
            return slots;
        }
        int[] tags = Tags.best(outputs.tagLogits);
        for (int first = 0; first < tags.length; first++) {
            if (tags[first] == 0) {
                continue;
            }
            int last = first;
            while (last + 1 < tags.length && Tags.isInside(tags[last + 1])) {
                last++;
            }
            String name = manifest.tags.get(tags[first]).substring("B-".length());
            slots.add(new Slot(name, outputs.tokenSpans[first][0], outputs.tokenSpans[last][1], text));
            first = last;
        }
        return slots;
    }

    private static double[] softmax(float[] logits) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            largest = Math.max(largest, logit);
        }
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp(logits[i] - largest);
            sum += probabilities[i];
        }
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] /= sum;
        }
        return probabilities;
    }
}

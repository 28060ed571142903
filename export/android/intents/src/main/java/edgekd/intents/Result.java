package edgekd.intents;

import java.util.List;

/** What a model says of a text. */
public final class Result {
    /** One label for classification and joint tasks, any number for multi-label, none for tagging. */
    public final List<String> labels;

    /** The calibrated probability of each of {@link #labels}, 0 to 1. */
    public final List<Double> scores;

    /** In the order of the text. */
    public final List<Slot> slots;

    /** The text is none of what the model was taught; false where the bundle has no threshold. */
    public final boolean outOfScope;

    /** 0 to 1; null where the bundle has no threshold. */
    public final Double outOfScopeScore;

    /** The text is longer than the model reads, and its end was not seen. */
    public final boolean truncated;

    Result(
            List<String> labels,
            List<Double> scores,
            List<Slot> slots,
            boolean outOfScope,
            Double outOfScopeScore,
            boolean truncated) {
        this.labels = labels;
        this.scores = scores;
        this.slots = slots;
        this.outOfScope = outOfScope;
        this.outOfScopeScore = outOfScopeScore;
        this.truncated = truncated;
    }
}

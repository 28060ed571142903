package edgekd.intents;

/** What a model gives for one text, before the numbers get names. */
final class Outputs {
    /** One for each label; null where the task has no labels. */
    final float[] labelLogits;

    /** A row for each token, in it a number for each tag; null where the task has no slots. */
    final float[][] tagLogits;

    /** Start and end of each token in code points. */
    final int[][] tokenSpans;

    /** Tokens of the text, of which the signature may hold fewer. */
    final int tokenCount;

    Outputs(float[] labelLogits, float[][] tagLogits, int[][] tokenSpans, int tokenCount) {
        this.labelLogits = labelLogits;
        this.tagLogits = tagLogits;
        this.tokenSpans = tokenSpans;
        this.tokenCount = tokenCount;
    }
}

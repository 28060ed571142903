package edgekd.intents;

/** A slot value in the user's own words. */
public final class Slot {
    /** The name of the slot. */
    public final String slot;

    /** First code point of the value, and the one after its last, as in every language of edgekd. */
    public final int start;

    public final int end;

    /** The same as indices of the Java or Kotlin string: {@code text.substring(from, to)} is the value. */
    public final int from;

    public final int to;

    public final String text;

    Slot(String slot, int start, int end, String whole) {
        this.slot = slot;
        this.start = start;
        this.end = end;
        from = whole.offsetByCodePoints(0, start);
        to = whole.offsetByCodePoints(from, end - start);
        text = whole.substring(from, to);
    }

    @Override
    public String toString() {
        return slot + "[" + start + "," + end + ")=" + text;
    }
}

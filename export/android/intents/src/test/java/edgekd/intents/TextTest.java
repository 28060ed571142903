package edgekd.intents;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;

import org.junit.Test;

/** Offsets in strings with characters beyond U+FFFF, and tags that need Viterbi's algorithm. */
public final class TextTest {
    @Test
    public void offsetsCountCodePointsAndCharacters() {
        String text = "\uD83C\uDF89 call \uD801\uDC00nna now";
        Slot slot = new Slot("contact", 7, 11, text);
        assertEquals("\uD801\uDC00nna", slot.text);
        assertEquals(8, slot.from);
        assertEquals(13, slot.to);
    }

    @Test
    public void loneSurrogatesAreCodePointsOfTheirOwn() {
        assertEquals("\uDE00b", new Slot("x", 1, 3, "a\uDE00b\uD83D").text);
    }

    @Test
    public void anInsideTagNeverStandsAlone() {
        // O, B-a, I-a, B-b, I-b
        assertArrayEquals(new int[] {1, 2}, Tags.best(new float[][] {{0, 3, 4, 0, 0}, {0, 0, 9, 0, 0}}));
        assertArrayEquals(new int[] {3, 4}, Tags.best(new float[][] {{0, 2, 0, 1, 0}, {0, 0, 0, 0, 9}}));
        assertArrayEquals(new int[] {0, 0}, Tags.best(new float[][] {{9, 0, 0, 0, 0}, {4, 0, 5, 0, 0}}));
        assertArrayEquals(new int[] {}, Tags.best(new float[][] {}));
    }
}

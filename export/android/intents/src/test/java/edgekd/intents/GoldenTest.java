package edgekd.intents;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.junit.Test;

/** The decoding, held to the bundle's golden vectors; no model runs. */
public final class GoldenTest {
    @Test
    public void decodesGoldenLogits() throws Exception {
        Decoder decoder = new Decoder(Golden.manifest());
        List<Golden> lines = Golden.lines();
        assertFalse(lines.isEmpty());
        for (Golden line : lines) {
            check(line, decoder.decode(line.text, line.outputs, line.truncated));
        }
    }

    /** Through {@code predict}: a model in the place of the real one knows the golden texts. */
    @Test
    public void runsTheSmallestSignatureThatHoldsTheText() throws Exception {
        Manifest manifest = Golden.manifest();
        for (Golden line : Golden.lines()) {
            List<Manifest.Signature> ran = new ArrayList<>();
            Result result = new Intents(manifest, replay(line.outputs, ran)).predict(line.text);
            check(line, result);
            assertEquals(line.text, line.truncated, result.truncated);

            int length = Math.min(line.text.codePointCount(0, line.text.length()), manifest.maxChars());
            for (Manifest.Signature signature : manifest.signatures) {
                boolean last = signature.chars == manifest.maxChars();
                boolean holds = length <= signature.chars && line.outputs.tokenCount <= signature.tokens;
                if (holds || last) {
                    assertEquals(line.text, signature, ran.get(ran.size() - 1));
                    break;
                }
            }
        }
    }

    private static Model replay(Outputs outputs, List<Manifest.Signature> ran) {
        return new Model() {
            @Override
            public Outputs run(Manifest.Signature signature, int[] codePoints) {
                assertTrue(codePoints.length <= signature.chars);
                ran.add(signature);
                return outputs;
            }

            @Override
            public void close() {}
        };
    }

    static void check(Golden line, Result result) throws JSONException {
        JSONObject json = line.json;
        assertEquals(line.text, json.getJSONArray("labels").toString(), new JSONArray(result.labels).toString());
        JSONArray scores = json.getJSONArray("scores");
        assertEquals(scores.length(), result.scores.size());
        for (int i = 0; i < scores.length(); i++) {
            assertEquals(line.text, scores.getDouble(i), result.scores.get(i), 1e-3);
        }
        assertEquals(line.text, json.getBoolean("out_of_scope"), result.outOfScope);
        assertEquals(line.text, json.isNull("out_of_scope_score"), result.outOfScopeScore == null);
        if (result.outOfScopeScore != null) {
            assertEquals(line.text, json.getDouble("out_of_scope_score"), result.outOfScopeScore, 1e-3);
        }
        JSONArray slots = json.getJSONArray("slots");
        assertEquals(line.text, slots.length(), result.slots.size());
        for (int i = 0; i < slots.length(); i++) {
            JSONObject expected = slots.getJSONObject(i);
            Slot slot = result.slots.get(i);
            assertEquals(line.text, expected.getString("slot"), slot.slot);
            assertEquals(line.text, expected.getInt("start"), slot.start);
            assertEquals(line.text, expected.getInt("end"), slot.end);
            assertEquals(expected.getString("text"), slot.text);
            assertEquals(slot.text, line.text.substring(slot.from, slot.to));
        }
    }
}

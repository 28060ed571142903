package edgekd.intents;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** A line of golden.jsonl. */
final class Golden {
    /** The bundle as the app has it; tests run in the module's folder. */
    static final Path BUNDLE = Paths.get("src/main/assets/bundle");

    final JSONObject json;
    final String text;
    final Outputs outputs;
    final boolean truncated;

    private Golden(JSONObject json) throws JSONException {
        this.json = json;
        int[] codePoints = ints(json.getJSONArray("codepoints"));
        text = new String(codePoints, 0, codePoints.length);
        truncated = json.getBoolean("truncated");
        JSONArray labels = json.optJSONArray("label_logits");
        JSONArray tags = json.optJSONArray("tag_logits");
        float[][] tagLogits = tags == null ? null : new float[tags.length()][];
        for (int i = 0; tags != null && i < tags.length(); i++) {
            tagLogits[i] = floats(tags.getJSONArray(i));
        }
        JSONArray spans = json.getJSONArray("token_spans");
        int[][] tokenSpans = new int[spans.length()][];
        for (int i = 0; i < tokenSpans.length; i++) {
            tokenSpans[i] = ints(spans.getJSONArray(i));
        }
        outputs =
                new Outputs(labels == null ? null : floats(labels), tagLogits, tokenSpans, json.getInt("token_count"));
    }

    static List<Golden> lines() throws IOException, JSONException {
        List<Golden> lines = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(
                        new InputStreamReader(
                                Golden.class.getResourceAsStream("/golden.jsonl"), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(new Golden(new JSONObject(line)));
            }
        }
        return lines;
    }

    static Manifest manifest() throws IOException {
        return Manifest.parse(manifestText());
    }

    static String manifestText() throws IOException {
        return new String(Files.readAllBytes(BUNDLE.resolve("edgekd.json")), StandardCharsets.UTF_8);
    }

    private static int[] ints(JSONArray array) throws JSONException {
        int[] values = new int[array.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.getInt(i);
        }
        return values;
    }

    private static float[] floats(JSONArray array) throws JSONException {
        float[] values = new float[array.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.getDouble(i);
        }
        return values;
    }
}

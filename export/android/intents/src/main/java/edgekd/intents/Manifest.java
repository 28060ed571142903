package edgekd.intents;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** edgekd.json: what a bundle says of itself, read and checked. */
final class Manifest {
    private static final String FORMAT = "edgekd-bundle";
    private static final int FORMAT_VERSION = 1;

    /** One entry point of the model file. */
    static final class Signature {
        final String name;

        /** Code points that it reads. */
        final int chars;

        /** Tokens that it has room for. */
        final int tokens;

        Signature(JSONObject json) throws JSONException {
            name = json.getString("name");
            chars = json.getInt("chars");
            tokens = json.getInt("tokens");
        }
    }

    final boolean multilabel;
    final List<String> labels;
    final List<String> tags;
    final boolean hasSlots;
    final String inputName;

    /** The label that means "none of these", and may be null; and null without a threshold. */
    final String outOfScopeLabel;

    final Double outOfScopeThreshold;

    /** The TFLite file. */
    final String modelName;

    final String modelSha256;

    /** Shortest first. */
    final List<Signature> signatures;

    private Manifest(JSONObject json) throws BundleException, JSONException {
        multilabel = json.getString("task").equals("multilabel");
        labels = strings(json.getJSONArray("labels"));
        tags = strings(json.getJSONArray("tags"));
        hasSlots = json.getJSONArray("slots").length() > 0;
        inputName = json.getJSONObject("input").getString("name");
        JSONObject outOfScope = json.optJSONObject("out_of_scope");
        outOfScopeThreshold = outOfScope == null ? null : outOfScope.getDouble("threshold");
        outOfScopeLabel =
                outOfScope == null || outOfScope.isNull("label") ? null : outOfScope.getString("label");
        JSONObject files = json.getJSONObject("files");
        modelName = tfliteFile(files);
        JSONObject model = files.getJSONObject(modelName);
        modelSha256 = model.getString("sha256");
        signatures = signatures(model.getJSONArray("signatures"));
    }

    static Manifest parse(String text) throws BundleException {
        try {
            JSONObject json = new JSONObject(text);
            if (!json.optString("format").equals(FORMAT)) {
                throw new BundleException("edgekd.json is not the description of a bundle");
            }
            if (json.getInt("format_version") != FORMAT_VERSION) {
                throw new BundleException(
                        "edgekd.json has format version " + json.getInt("format_version") + "; this app reads "
                                + FORMAT_VERSION);
            }
            return new Manifest(json);
        } catch (JSONException error) {
            throw new BundleException("edgekd.json is incomplete or damaged: " + error.getMessage(), error);
        }
    }

    /** Code points that the longest signature reads. */
    int maxChars() {
        return signatures.get(signatures.size() - 1).chars;
    }

    private static String tfliteFile(JSONObject files) throws BundleException, JSONException {
        for (Iterator<String> names = files.keys(); names.hasNext(); ) {
            String name = names.next();
            if (files.getJSONObject(name).getString("runtime").equals("tflite")) {
                if (name.isEmpty() || name.startsWith(".") || name.contains("/") || name.contains("\\")) {
                    throw new BundleException("edgekd.json names a file outside the bundle: " + name);
                }
                return name;
            }
        }
        throw new BundleException("the bundle has no TFLite file: export it with --formats tflite");
    }

    private static List<Signature> signatures(JSONArray array) throws BundleException, JSONException {
        List<Signature> signatures = new ArrayList<>();
        for (int i = 0; i < array.length(); i++) {
            signatures.add(new Signature(array.getJSONObject(i)));
        }
        if (signatures.isEmpty()) {
            throw new BundleException("edgekd.json lists no signatures");
        }
        Collections.sort(signatures, (one, other) -> Integer.compare(one.chars, other.chars));
        return signatures;
    }

    private static List<String> strings(JSONArray array) throws JSONException {
        List<String> strings = new ArrayList<>();
        for (int i = 0; i < array.length(); i++) {
            strings.add(array.getString(i));
        }
        return strings;
    }
}

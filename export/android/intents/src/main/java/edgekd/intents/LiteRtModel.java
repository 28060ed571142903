package edgekd.intents;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashMap;
import java.util.Map;
import org.tensorflow.lite.Interpreter;

/** A TFLite file in LiteRT. The buffers of each signature are made once. */
final class LiteRtModel implements Model {
    private final Interpreter interpreter;
    private final Manifest manifest;
    private final Map<String, Buffers> buffers = new HashMap<>();

    private LiteRtModel(Interpreter interpreter, Manifest manifest) {
        this.interpreter = interpreter;
        this.manifest = manifest;
        for (Manifest.Signature signature : manifest.signatures) {
            buffers.put(signature.name, new Buffers(signature, manifest));
        }
    }

    /**
     * Loads a model.
     *
     * @param content direct, in native order; it stays in use
     */
    static LiteRtModel open(ByteBuffer content, Manifest manifest) throws BundleException {
        // The model is too small to gain from more threads.
        Interpreter.Options options = new Interpreter.Options().setNumThreads(1);
        try {
            return new LiteRtModel(new Interpreter(content, options), manifest);
        } catch (IllegalArgumentException error) {
            throw new BundleException(
                    "this LiteRT cannot load " + manifest.modelName + ": " + error.getMessage(), error);
        }
    }

    @Override
    public Outputs run(Manifest.Signature signature, int[] codePoints) {
        Buffers own = buffers.get(signature.name);
        own.fill(codePoints);
        interpreter.runSignature(own.inputs, own.outputs, signature.name);
        return own.read(signature);
    }

    @Override
    public void close() {
        interpreter.close();
    }

    private static final class Buffers {
        final Map<String, Object> inputs = new HashMap<>();
        final Map<String, Object> outputs = new HashMap<>();
        private final IntBuffer codePoints;
        private final IntBuffer tokenCount = ints(1);
        private final IntBuffer tokenSpans;
        private final FloatBuffer labelLogits;
        private final FloatBuffer tagLogits;
        private final int tags;

        Buffers(Manifest.Signature signature, Manifest manifest) {
            tags = manifest.tags.size();
            codePoints = ints(signature.chars);
            tokenSpans = ints(2 * signature.tokens);
            labelLogits = manifest.labels.isEmpty() ? null : floats(manifest.labels.size());
            tagLogits = manifest.hasSlots ? floats(signature.tokens * tags) : null;
            inputs.put(manifest.inputName, codePoints);
            outputs.put("token_count", tokenCount);
            outputs.put("token_spans", tokenSpans);
            if (labelLogits != null) {
                outputs.put("label_logits", labelLogits);
            }
            if (tagLogits != null) {
                outputs.put("tag_logits", tagLogits);
            }
        }

        /** Puts the text in, padded with zeros, and makes room for the outputs. */
        void fill(int[] text) {
            codePoints.clear();
            codePoints.put(text);
            while (codePoints.hasRemaining()) {
                codePoints.put(0);
            }
            codePoints.rewind();
            tokenCount.clear();
            tokenSpans.clear();
            if (labelLogits != null) {
                labelLogits.clear();
            }
            if (tagLogits != null) {
                tagLogits.clear();
            }
        }

        Outputs read(Manifest.Signature signature) {
            int count = tokenCount.get(0);
            int rows = Math.min(count, signature.tokens);
            int[][] spans = new int[rows][2];
            tokenSpans.rewind();
            for (int[] span : spans) {
                tokenSpans.get(span);
            }
            float[] labels = null;
            if (labelLogits != null) {
                labels = new float[labelLogits.capacity()];
                labelLogits.rewind();
                labelLogits.get(labels);
            }
            float[][] tagsOfTokens = null;
            if (tagLogits != null) {
                tagsOfTokens = new float[rows][tags];
                tagLogits.rewind();
                for (float[] row : tagsOfTokens) {
                    tagLogits.get(row);
                }
            }
            return new Outputs(labels, tagsOfTokens, spans, count);
        }

        private static IntBuffer ints(int length) {
            return bytes(length).asIntBuffer();
        }

        private static FloatBuffer floats(int length) {
            return bytes(length).asFloatBuffer();
        }

        private static ByteBuffer bytes(int length) {
            return ByteBuffer.allocateDirect(4 * length).order(ByteOrder.nativeOrder());
        }
    }
}

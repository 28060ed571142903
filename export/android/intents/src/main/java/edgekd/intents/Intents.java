package edgekd.intents;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * A bundle, ready to be asked.
 *
 * <pre>{@code
 * Intents intents = Intents.load(name -> getAssets().open("bundle/" + name));
 * Result result = intents.predict("wake me up at seven tomorrow");
 * }</pre>
 */
public final class Intents implements AutoCloseable {
    private final Manifest manifest;
    private final Model model;
    private final Decoder decoder;

    Intents(Manifest manifest, Model model) {
        this.manifest = manifest;
        this.model = model;
        decoder = new Decoder(manifest);
    }

    /**
     * Opens a bundle.
     *
     * @throws BundleException a file is missing or damaged, or the bundle is of a newer format
     */
    public static Intents load(Source source) throws BundleException {
        Manifest manifest = Manifest.parse(new String(read(source, "edgekd.json"), StandardCharsets.UTF_8));
        byte[] content = read(source, manifest.modelName);
        if (!sha256(content).equals(manifest.modelSha256)) {
            throw new BundleException(manifest.modelName + " is damaged: its checksum is not the one in edgekd.json");
        }
        ByteBuffer buffer = ByteBuffer.allocateDirect(content.length).order(ByteOrder.nativeOrder());
        buffer.put(content).rewind();
        return new Intents(manifest, LiteRtModel.open(buffer, manifest));
    }

    /** Labels with their probabilities, and slots with the user's own words. One call at a time. */
    public synchronized Result predict(String text) {
        int[] codePoints = text.codePoints().limit(manifest.maxChars()).toArray();
        int last = manifest.signatures.size() - 1;
        int number = 0;
        while (manifest.signatures.get(number).chars < codePoints.length) {
            number++;
        }
        Outputs outputs = model.run(manifest.signatures.get(number), codePoints);
        while (number < last && outputs.tokenCount > manifest.signatures.get(number).tokens) {
            number++;
            outputs = model.run(manifest.signatures.get(number), codePoints);
        }
        boolean truncated =
                outputs.tokenCount > manifest.signatures.get(number).tokens
                        || text.codePointCount(0, text.length()) > manifest.maxChars();
        return decoder.decode(text, outputs, truncated);
    }

    /** Frees the model's memory. */
    @Override
    public synchronized void close() {
        model.close();
    }

    private static byte[] read(Source source, String name) throws BundleException {
        try (InputStream stream = source.open(name)) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            byte[] part = new byte[1 << 16];
            for (int count = stream.read(part); count >= 0; count = stream.read(part)) {
                content.write(part, 0, count);
            }
            return content.toByteArray();
        } catch (IOException error) {
            throw new BundleException("the bundle has no readable " + name + ": " + error.getMessage(), error);
        }
    }

    private static String sha256(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            return String.format("%064x", new BigInteger(1, digest));
        } catch (NoSuchAlgorithmException error) {
            throw new AssertionError("every Java has SHA-256", error);
        }
    }
}

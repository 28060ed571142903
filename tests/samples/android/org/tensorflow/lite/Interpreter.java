package org.tensorflow.lite;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the sample uses of LiteRT's Interpreter, with LiteRT itself behind it: in another process, litert.py, since
 * its Java library is an Android archive. It refuses what the real one refuses: buffers that are not direct, an input
 * of another length, and outputs without room.
 */
public final class Interpreter implements AutoCloseable {
    /** As in LiteRT. */
    public static final class Options {
        public Options setNumThreads(int threads) {
            return this;
        }
    }

    private final Process process;
    private final DataOutputStream requests;
    private final DataInputStream answers;

    public Interpreter(ByteBuffer model, Options options) {
        if (!model.isDirect() || model.order() != ByteOrder.nativeOrder()) {
            throw new IllegalArgumentException("the model is not in a direct buffer in native order");
        }
        try {
            byte[] content = new byte[model.remaining()];
            model.duplicate().get(content);
            Path file = Files.createTempFile("model", ".tflite");
            file.toFile().deleteOnExit();
            Files.write(file, content);
            process =
                    new ProcessBuilder(System.getProperty("python"), System.getProperty("litert"), file.toString())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        requests = new DataOutputStream(process.getOutputStream());
        answers = new DataInputStream(process.getInputStream());
    }

    public void runSignature(Map<String, Object> inputs, Map<String, Object> outputs, String signature) {
        try {
            IntBuffer input = (IntBuffer) inputs.values().iterator().next();
            requests.writeUTF(signature);
            requests.writeUTF(inputs.keySet().iterator().next());
            requests.writeInt(input.capacity());
            for (int i = 0; i < input.capacity(); i++) {
                requests.writeInt(input.get(i));
            }
            requests.flush();
            int count = answers.readInt();
            if (count < 0) {
                throw new IllegalArgumentException(answers.readUTF());
            }
            for (int i = 0; i < count; i++) {
                read(outputs);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private void read(Map<String, Object> outputs) throws IOException {
        String name = answers.readUTF();
        byte[] content = new byte[answers.readInt()];
        answers.readFully(content);
        ByteBuffer values = ByteBuffer.wrap(content).order(ByteOrder.nativeOrder());
        Buffer buffer = (Buffer) outputs.get(name);
        if (buffer.capacity() * 4 < content.length) {
            throw new IllegalArgumentException(name + " has " + content.length + " bytes");
        }
        if (buffer instanceof FloatBuffer) {
            ((FloatBuffer) buffer).put(values.asFloatBuffer());
        } else {
            ((IntBuffer) buffer).put(values.asIntBuffer());
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}

package edgekd.intents;

import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Iterator;
import org.json.JSONObject;
import org.junit.Before;
import org.junit.Test;

/** Bundles that cannot be used are refused with a reason, before LiteRT sees them. */
public final class BundleTest {
    private JSONObject manifest;

    @Before
    public void read() throws Exception {
        manifest = new JSONObject(Golden.manifestText());
    }

    @Test
    public void aDamagedModel() {
        refused("is damaged", source("not the model"));
    }

    @Test
    public void aMissingFile() {
        refused("no readable edgekd.json", name -> { throw new FileNotFoundException(name); });
        refused(
                "no readable model.tflite",
                name -> {
                    if (name.equals("edgekd.json")) {
                        return Files.newInputStream(Golden.BUNDLE.resolve(name));
                    }
                    throw new FileNotFoundException(name);
                });
    }

    @Test
    public void aNewerVersion() throws Exception {
        manifest.put("format_version", 2);
        refused("format version 2; this app reads 1", source(""));
    }

    @Test
    public void notABundle() throws Exception {
        manifest.put("format", "something");
        refused("not the description of a bundle", source(""));
        refused("incomplete or damaged", name -> new ByteArrayInputStream(new byte[] {'{'}));
    }

    @Test
    public void aMissingField() {
        manifest.remove("tags");
        refused("incomplete or damaged", source(""));
    }

    @Test
    public void noTfliteFile() throws Exception {
        manifest.put("files", new JSONObject());
        refused("no TFLite file", source(""));
    }

    @Test
    public void aPathOutOfTheBundle() throws Exception {
        JSONObject files = manifest.getJSONObject("files");
        JSONObject model = files.getJSONObject(first(files));
        for (String name : new String[] {"../model.tflite", "/model.tflite", "..\\model.tflite", ".."}) {
            manifest.put("files", new JSONObject().put(name, model));
            refused("outside the bundle", source(""));
        }
    }

    private static String first(JSONObject files) {
        Iterator<String> names = files.keys();
        String name = names.next();
        while (!name.endsWith(".tflite")) {
            name = names.next();
        }
        return name;
    }

    private Source source(String model) {
        return name ->
                new ByteArrayInputStream(
                        (name.equals("edgekd.json") ? manifest.toString() : model).getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(String reason, Source source) {
        BundleException error = assertThrows(BundleException.class, () -> Intents.load(source));
        assertTrue(error.getMessage(), error.getMessage().contains(reason));
    }
}

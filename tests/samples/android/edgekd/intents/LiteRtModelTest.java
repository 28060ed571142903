package edgekd.intents;

import static org.junit.Assert.assertEquals;

import java.nio.file.Files;
import org.junit.Test;

/** The whole way from text to slots, LiteRT behind the stand-in for its Java class. */
public final class LiteRtModelTest {
    @Test
    public void saysWhatTheBundleSays() throws Exception {
        try (Intents intents = Intents.load(name -> Files.newInputStream(Golden.BUNDLE.resolve(name)))) {
            for (Golden line : Golden.lines()) {
                Result result = intents.predict(line.text);
                assertEquals(line.text, line.truncated, result.truncated);
                if (line.json.getBoolean("stable")) {
                    GoldenTest.check(line, result);
                }
            }
        }
    }
}

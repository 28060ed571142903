package edgekd.intents;

import java.io.IOException;
import java.io.InputStream;

/** Where a bundle's files come from, for example {@code name -> getAssets().open("bundle/" + name)}. */
@FunctionalInterface
public interface Source {
    InputStream open(String name) throws IOException;
}

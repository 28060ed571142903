package edgekd.intents;

/** A loaded model file. */
interface Model extends AutoCloseable {
    /** Runs a signature on at most as many code points as it reads. */
    Outputs run(Manifest.Signature signature, int[] codePoints);

    @Override
    void close();
}

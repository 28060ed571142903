package edgekd.intents;

import java.util.Arrays;

/**
 * The best BIO tags that make sense together. Tags are numbered O, B-a, I-a, B-b, I-b, ...: an I- tag is even and
 * above 0, and the B- of its slot is one below.
 */
final class Tags {
    private Tags() {}

    /** The most probable sequence in which each I- continues a span of its own slot. */
    static int[] best(float[][] logits) {
        int[] tags = new int[logits.length];
        boolean sensible = true;
        for (int token = 0; token < tags.length; token++) {
            int tag = 0;
            for (int other = 1; other < logits[token].length; other++) {
                if (logits[token][other] > logits[token][tag]) {
                    tag = other;
                }
            }
            int before = token == 0 ? 0 : tags[token - 1];
            sensible &= !isInside(tag) || before == tag || before == tag - 1;
            tags[token] = tag;
        }
        return sensible ? tags : viterbi(logits);
    }

    static boolean isInside(int tag) {
        return tag > 0 && tag % 2 == 0;
    }

    private static int[] viterbi(float[][] logits) {
        double[] total = logProbabilities(logits[0]);
        for (int tag = 2; tag < total.length; tag += 2) {
            total[tag] = Double.NEGATIVE_INFINITY;
        }
        int[][] origins = new int[logits.length][total.length];
        for (int token = 1; token < logits.length; token++) {
            double[] score = logProbabilities(logits[token]);
            int[] origin = origins[token];
            Arrays.fill(origin, argmax(total));
            for (int tag = 2; tag < total.length; tag += 2) {
                origin[tag] = total[tag - 1] >= total[tag] ? tag - 1 : tag;
            }
            for (int tag = 0; tag < score.length; tag++) {
                score[tag] += total[origin[tag]];
            }
            total = score;
        }
        int[] tags = new int[logits.length];
        int tag = argmax(total);
        for (int token = logits.length - 1; token >= 0; token--) {
            tags[token] = tag;
            tag = origins[token][tag];
        }
        return tags;
    }

    private static double[] logProbabilities(float[] logits) {
        double[] values = new double[logits.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = logits[i];
        }
        double largest = values[argmax(values)];
        double sum = 0;
        for (double value : values) {
            sum += Math.exp(value - largest);
        }
        for (int i = 0; i < values.length; i++) {
            values[i] -= largest + Math.log(sum);
        }
        return values;
    }

    private static int argmax(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}

import Foundation

/// What a model gives for one text, before the numbers get names.
struct Outputs {
    /// One for each label; nil where the task has no labels.
    let labelLogits: [Float]?

    /// A row for each token, in it a number for each tag; nil where the task has no slots.
    let tagLogits: [[Float]]?

    /// Start and end of each token in code points.
    let tokenSpans: [[Int]]

    /// Tokens of the text, of which the signature may hold fewer.
    let tokenCount: Int
}

/// From a model's numbers to labels, slots and scores.
struct Decoding {
    let manifest: Manifest

    func answer(_ text: String, _ outputs: Outputs, truncated: Bool) -> Answer {
        let (labels, scores) = self.labels(outputs)
        let score = outOfScopeScore(outputs)
        return Answer(
            labels: labels,
            scores: scores,
            slots: spans(outputs).map { Slot($0, in: text) },
            outOfScope: isOutOfScope(score),
            outOfScopeScore: score,
            truncated: truncated)
    }

    /// The labels and their probabilities.
    func labels(_ outputs: Outputs) -> (names: [String], scores: [Double]) {
        guard let logits = outputs.labelLogits else { return ([], []) }
        if manifest.task == "multilabel" {
            let chosen = logits.indices.filter { logits[$0] > 0 }
            return (chosen.map { manifest.labels[$0] }, chosen.map { 1 / (1 + exp(-Double(logits[$0]))) })
        }
        let best = Tags.argmax(logits)
        return ([manifest.labels[best]], [softmax(logits)[best]])
    }

    /// 1 minus the best probability of a label that stands for something; nil without a threshold.
    func outOfScopeScore(_ outputs: Outputs) -> Double? {
        guard let logits = outputs.labelLogits, let outOfScope = manifest.outOfScope else { return nil }
        let known = zip(manifest.labels, softmax(logits)).filter { $0.0 != outOfScope.label }
        return 1 - (known.map { $0.1 }.max() ?? 0)
    }

    func isOutOfScope(_ score: Double?) -> Bool {
        guard let score = score, let outOfScope = manifest.outOfScope else { return false }
        return score > outOfScope.threshold
    }

    /// Joins B-x I-x ... into spans.
    func spans(_ outputs: Outputs) -> [Span] {
        guard let logits = outputs.tagLogits else { return [] }
        var spans: [Span] = []
        for (tag, place) in zip(Tags.best(logits), outputs.tokenSpans) where tag > 0 {
            if Tags.isInside(tag) {
                spans[spans.count - 1].end = place[1]
            } else {
                let slot = String(manifest.tags[tag].dropFirst("B-".count))
                spans.append(Span(slot: slot, start: place[0], end: place[1]))
            }
        }
        return spans
    }

    private func softmax(_ logits: [Float]) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp(Double($0 - largest)) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}

import XCTest

@testable import EdgekdIntents

/// The decoding, held to the bundle's golden vectors; no model runs.
final class GoldenTests: XCTestCase {
    func testDecodesGoldenLogits() throws {
        let decoding = Decoding(manifest: try Golden.manifest())
        let lines = try Golden.lines()
        XCTAssertFalse(lines.isEmpty)
        for line in lines {
            let (labels, scores) = decoding.labels(line.outputs)
            XCTAssertEqual(labels, line.labels)
            XCTAssertEqual(scores.count, line.scores.count)
            for (score, expected) in zip(scores, line.scores) {
                XCTAssertEqual(score, expected, accuracy: 1e-3)
            }
            let spans = line.slots.map { Span(slot: $0.slot, start: $0.start, end: $0.end) }
            XCTAssertEqual(decoding.spans(line.outputs), spans)

            let score = decoding.outOfScopeScore(line.outputs)
            XCTAssertEqual(score == nil, line.outOfScopeScore == nil)
            XCTAssertEqual(score ?? 0, line.outOfScopeScore ?? 0, accuracy: 1e-3)
            XCTAssertEqual(decoding.isOutOfScope(score), line.outOfScope)
        }
    }

    /// Through `predict`: a model in the place of the real one knows the golden texts.
    func testRunsTheSmallestSignatureThatHoldsTheText() throws {
        let manifest = try Golden.manifest()
        let signatures = try manifest.model().signatures
        for line in try Golden.lines() {
            guard let text = line.text else { continue }
            let model = Replay(outputs: line.outputs)
            let answer = try Intents(manifest: manifest, model: model).predict(text)
            XCTAssertEqual(answer.truncated, line.truncated, text)
            XCTAssertEqual(answer.slots.map { $0.text }, line.slots.map { $0.text })
            XCTAssertEqual(answer.slots.map { String(text[$0.range]) }, line.slots.map { $0.text })

            let length = min(line.codepoints.count, signatures[signatures.count - 1].chars)
            let expected = signatures.first { $0.chars >= length && $0.tokens >= line.tokenCount }
            XCTAssertEqual(model.ran.last, expected ?? signatures.last, text)
        }
    }

    private final class Replay: Model {
        let outputs: Outputs
        var ran: [Manifest.Signature] = []

        init(outputs: Outputs) {
            self.outputs = outputs
        }

        func run(_ signature: Manifest.Signature, _ codePoints: [Int32]) throws -> Outputs {
            XCTAssertLessThanOrEqual(codePoints.count, signature.chars)
            ran.append(signature)
            return outputs
        }
    }
}

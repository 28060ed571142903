import Foundation

@testable import EdgekdIntents

/// A line of golden.jsonl.
struct Golden: Decodable {
    struct GoldenSlot: Decodable {
        let slot: String
        let start: Int
        let end: Int
        let text: String
    }

    let codepoints: [UInt32]
    let tokenCount: Int
    let tokenSpans: [[Int]]
    let truncated: Bool
    let labelLogits: [Float]?
    let tagLogits: [[Float]]?
    let labels: [String]
    let scores: [Double]
    let outOfScope: Bool
    let outOfScopeScore: Double?
    let slots: [GoldenSlot]

    enum CodingKeys: String, CodingKey {
        case codepoints, truncated, labels, scores, slots
        case tokenCount = "token_count"
        case tokenSpans = "token_spans"
        case labelLogits = "label_logits"
        case tagLogits = "tag_logits"
        case outOfScope = "out_of_scope"
        case outOfScopeScore = "out_of_scope_score"
    }

    var outputs: Outputs {
        Outputs(
            labelLogits: labelLogits, tagLogits: tagLogits, tokenSpans: tokenSpans, tokenCount: tokenCount)
    }

    /// The text; nil where it holds a lone surrogate, which a Swift string cannot.
    var text: String? {
        let scalars = codepoints.compactMap { Unicode.Scalar($0) }
        guard scalars.count == codepoints.count else { return nil }
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    static let bundle = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()  // EdgekdIntentsTests
        .deletingLastPathComponent()  // Tests
        .deletingLastPathComponent()
        .appendingPathComponent("bundle")

    static func manifest() throws -> Manifest {
        try Manifest.parse(try Manifest.read("edgekd.json", in: bundle))
    }

    static func lines() throws -> [Golden] {
        let content = try String(contentsOf: bundle.appendingPathComponent("golden.jsonl"), encoding: .utf8)
        return try content.split(separator: "\n").map { line in
            try JSONDecoder().decode(Golden.self, from: Data(withoutLoneSurrogates(String(line)).utf8))
        }
    }

    /// Foundation refuses a JSON string with an escaped half of a pair. Whole pairs stay.
    private static func withoutLoneSurrogates(_ line: String) -> String {
        let high = #"\\u[dD][89abAB][0-9a-fA-F]{2}"#
        let low = #"\\u[dD][c-fC-F][0-9a-fA-F]{2}"#
        return line.replacingOccurrences(
            of: "(\(high)\(low))|\(high)|\(low)", with: "$1", options: .regularExpression)
    }
}

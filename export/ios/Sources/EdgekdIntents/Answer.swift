/// What a model says of a text.
public struct Answer {
    /// One label for classification and joint tasks, any number for multi-label, none for tagging.
    public let labels: [String]

    /// The calibrated probability of each of `labels`, 0 to 1.
    public let scores: [Double]

    /// In the order of the text.
    public let slots: [Slot]

    /// The text is none of what the model was taught; false where the bundle has no threshold.
    public let outOfScope: Bool

    /// 0 to 1; nil where the bundle has no threshold.
    public let outOfScopeScore: Double?

    /// The text is longer than the model reads, and its end was not seen.
    public let truncated: Bool
}

/// A slot value in the user's own words.
public struct Slot {
    public let slot: String

    /// First code point (Unicode scalar) of the value, and the one after its last.
    public let start: Int
    public let end: Int

    /// The same in the string: `text[range]` is the value.
    public let range: Range<String.Index>

    public let text: String

    init(_ span: Span, in whole: String) {
        let scalars = whole.unicodeScalars
        let first = scalars.index(scalars.startIndex, offsetBy: span.start)
        slot = span.slot
        start = span.start
        end = span.end
        range = first..<scalars.index(first, offsetBy: span.end - span.start)
        text = String(scalars[range])
    }
}

/// A slot before it is looked up in the text; offsets in code points, `end` exclusive.
struct Span: Equatable {
    let slot: String
    let start: Int
    var end: Int
}

import XCTest

@testable import EdgekdIntents

/// Ranges in strings with characters beyond U+FFFF, and tags that need Viterbi's algorithm.
final class TextTests: XCTestCase {
    func testRangesAfterEmojiAndInsideAGrapheme() {
        let text = "\u{1F389} call \u{10400}nna e\u{301}"
        let name = Slot(Span(slot: "contact", start: 7, end: 11), in: text)
        XCTAssertEqual(name.text, "\u{10400}nna")
        XCTAssertEqual(String(text[name.range]), "\u{10400}nna")
        XCTAssertEqual(text.utf16.distance(from: text.startIndex, to: name.range.lowerBound), 8)
        XCTAssertEqual(Slot(Span(slot: "x", start: 12, end: 13), in: text).text, "e")
    }

    func testAnInsideTagNeverStandsAlone() {
        // O, B-a, I-a, B-b, I-b
        XCTAssertEqual(Tags.best([[0, 3, 4, 0, 0], [0, 0, 9, 0, 0]]), [1, 2])
        XCTAssertEqual(Tags.best([[0, 2, 0, 1, 0], [0, 0, 0, 0, 9]]), [3, 4])
        XCTAssertEqual(Tags.best([[9, 0, 0, 0, 0], [4, 0, 5, 0, 0]]), [0, 0])
        XCTAssertEqual(Tags.best([]), [])
    }
}

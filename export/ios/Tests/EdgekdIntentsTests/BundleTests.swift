import XCTest

@testable import EdgekdIntents

/// Bundles that cannot be used are refused with a reason.
final class BundleTests: XCTestCase {
    private var json: [String: Any] = [:]

    override func setUpWithError() throws {
        let data = try Manifest.read("edgekd.json", in: Golden.bundle)
        json = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func testTheModelIsTheOneThatWasExported() throws {
        let manifest = try Golden.manifest()
        var content = try Manifest.read(try manifest.model().name, in: Golden.bundle)
        try manifest.verify(content)
        content.append(0)
        assertRefused("is damaged") { try manifest.verify(content) }
    }

    func testAMissingFile() {
        let nowhere = Golden.bundle.appendingPathComponent("nowhere")
        assertRefused("no readable edgekd.json") { try Manifest.read("edgekd.json", in: nowhere) }
    }

    func testANewerVersion() {
        json["format_version"] = 2
        assertRefused("format version 2; this app reads 1", parsing)
    }

    func testNotABundle() {
        json["format"] = "something"
        assertRefused("not the description of a bundle", parsing)
    }

    func testAMissingField() {
        json["tags"] = nil
        assertRefused("incomplete or damaged", parsing)
    }

    func testNoTFLiteFile() {
        json["files"] = [String: Any]()
        assertRefused("no TFLite file", parsing)
    }

    func testAPathOutOfTheBundle() throws {
        let files = try XCTUnwrap(json["files"] as? [String: Any])
        let model = try XCTUnwrap(files["model.tflite"])
        for name in ["../model.tflite", "/model.tflite", "..\\model.tflite", ".."] {
            json["files"] = [name: model]
            assertRefused("outside the bundle", parsing)
        }
    }

    private func parsing() throws -> Any {
        try Manifest.parse(try JSONSerialization.data(withJSONObject: json))
    }

    private func assertRefused(_ reason: String, _ attempt: () throws -> Any) {
        XCTAssertThrowsError(try attempt()) { error in
            let message = (error as? BundleError)?.message ?? "\(error)"
            XCTAssertTrue(message.contains(reason), message)
        }
    }
}

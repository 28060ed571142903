import CryptoKit
import Foundation

/// edgekd.json: what a bundle says of itself, read and checked.
struct Manifest: Decodable {
    static let format = "edgekd-bundle"
    static let formatVersion = 1

    /// One entry point of the model file: the code points that it reads, the tokens that it has room for.
    struct Signature: Decodable, Equatable {
        let name: String
        let chars: Int
        let tokens: Int
    }

    struct ModelFile: Decodable {
        let runtime: String
        let sha256: String
        let signatures: [Signature]?
    }

    struct Input: Decodable {
        let name: String
    }

    /// `label` is the one that means "none of these"; there may be none.
    struct OutOfScope: Decodable {
        let label: String?
        let threshold: Double
    }

    let task: String
    let labels: [String]
    let slots: [String]
    let tags: [String]
    let input: Input
    let files: [String: ModelFile]
    let outOfScope: OutOfScope?

    enum CodingKeys: String, CodingKey {
        case task, labels, slots, tags, input, files
        case outOfScope = "out_of_scope"
    }

    /// What every version has.
    private struct Header: Decodable {
        let format: String
        let version: Int

        enum CodingKeys: String, CodingKey {
            case format
            case version = "format_version"
        }
    }

    /// Reads edgekd.json.
    static func parse(_ data: Data) throws -> Manifest {
        let decoder = JSONDecoder()
        guard let header = try? decoder.decode(Header.self, from: data), header.format == format else {
            throw BundleError("edgekd.json is not the description of a bundle")
        }
        guard header.version == formatVersion else {
            throw BundleError(
                "edgekd.json has format version \(header.version); this app reads \(formatVersion)")
        }
        do {
            let manifest = try decoder.decode(Manifest.self, from: data)
            _ = try manifest.model()
            return manifest
        } catch let error as DecodingError {
            throw BundleError("edgekd.json is incomplete or damaged: \(error)")
        }
    }

    /// The TFLite file's name, its checksum, and its signatures, shortest first.
    func model() throws -> (name: String, sha256: String, signatures: [Signature]) {
        guard let (name, file) = files.first(where: { $0.value.runtime == "tflite" }) else {
            throw BundleError("the bundle has no TFLite file: export it with --formats tflite")
        }
        if name.isEmpty || name.hasPrefix(".") || name.contains("/") || name.contains("\\") {
            throw BundleError("edgekd.json names a file outside the bundle: \(name)")
        }
        guard let signatures = file.signatures, !signatures.isEmpty else {
            throw BundleError("edgekd.json lists no signatures")
        }
        return (name, file.sha256, signatures.sorted { $0.chars < $1.chars })
    }

    /// Reads a file of a bundle.
    static func read(_ name: String, in folder: URL) throws -> Data {
        do {
            return try Data(contentsOf: folder.appendingPathComponent(name))
        } catch {
            throw BundleError("the bundle has no readable \(name): \(error.localizedDescription)")
        }
    }

    /// Fails unless the model file is the one that was exported.
    func verify(_ content: Data) throws {
        let (name, sha256, _) = try model()
        let found = SHA256.hash(data: content).map { String(format: "%02x", $0) }.joined()
        guard found == sha256 else {
            throw BundleError("\(name) is damaged: its checksum is not the one in edgekd.json")
        }
    }
}

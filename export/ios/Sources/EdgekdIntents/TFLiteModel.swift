#if canImport(TensorFlowLite)
import Foundation
import TensorFlowLite

/// A TFLite file in TensorFlow Lite: one runner for each signature, all sharing the weights.
final class TFLiteModel: Model {
    private let manifest: Manifest
    private var runners: [String: SignatureRunner] = [:]

    init(path: String, manifest: Manifest) throws {
        self.manifest = manifest
        var options = Interpreter.Options()
        options.threadCount = 1  // the model is too small to gain from more
        let interpreter = try Interpreter(modelPath: path, options: options)
        for signature in try manifest.model().signatures {
            runners[signature.name] = try interpreter.signatureRunner(with: signature.name)
        }
    }

    func run(_ signature: Manifest.Signature, _ codePoints: [Int32]) throws -> Outputs {
        guard let runner = runners[signature.name] else {
            throw BundleError("the model has no signature \(signature.name)")
        }
        let padding = [Int32](repeating: 0, count: signature.chars - codePoints.count)
        let input = (codePoints + padding).withUnsafeBufferPointer { Data(buffer: $0) }
        try runner.invoke(with: [manifest.input.name: input])

        let count = Int(try values(runner, "token_count", as: Int32.self)[0])
        let rows = min(count, signature.tokens)
        let spans = try values(runner, "token_spans", as: Int32.self).map { Int($0) }
        let labels = try manifest.labels.isEmpty ? nil : values(runner, "label_logits", as: Float.self)
        let tags = try manifest.slots.isEmpty ? nil : values(runner, "tag_logits", as: Float.self)
        return Outputs(
            labelLogits: labels,
            tagLogits: tags.map { split($0, into: rows, of: manifest.tags.count) },
            tokenSpans: split(spans, into: rows, of: 2),
            tokenCount: count)
    }

    /// The numbers of an output. Copied, since the bytes of a short `Data` may lie anywhere in memory.
    private func values<Value: Numeric>(
        _ runner: SignatureRunner, _ name: String, as _: Value.Type
    ) throws -> [Value] {
        let data = try runner.output(named: name).data
        var values = [Value](repeating: 0, count: data.count / MemoryLayout<Value>.stride)
        _ = values.withUnsafeMutableBytes { data.copyBytes(to: $0) }
        return values
    }

    private func split<Value>(_ values: [Value], into rows: Int, of width: Int) -> [[Value]] {
        (0..<rows).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
}

extension Intents {
    /// Opens a bundle folder.
    ///
    /// Throws `BundleError` where a file is missing or damaged, or the bundle is of a newer format.
    public convenience init(folder: URL) throws {
        let manifest = try Manifest.parse(try Manifest.read("edgekd.json", in: folder))
        let name = try manifest.model().name
        try manifest.verify(try Manifest.read(name, in: folder))
        let model: Model
        do {
            model = try TFLiteModel(path: folder.appendingPathComponent(name).path, manifest: manifest)
        } catch {
            throw BundleError("this TensorFlow Lite cannot load \(name): \(error)")
        }
        try self.init(manifest: manifest, model: model)
    }
}
#endif

import Foundation

/// A loaded model file.
protocol Model {
    /// Runs a signature on at most as many code points as it reads.
    func run(_ signature: Manifest.Signature, _ codePoints: [Int32]) throws -> Outputs
}

/// A bundle, ready to be asked. Not for several threads at once.
///
///     let intents = try Intents(folder: Bundle.main.url(forResource: "bundle", withExtension: nil)!)
///     let answer = try intents.predict("wake me up at seven tomorrow")
public final class Intents {
    private let decoding: Decoding
    private let model: Model
    private let signatures: [Manifest.Signature]

    init(manifest: Manifest, model: Model) throws {
        decoding = Decoding(manifest: manifest)
        signatures = try manifest.model().signatures
        self.model = model
    }

    /// Labels with their probabilities, and slots with the user's own words.
    public func predict(_ text: String) throws -> Answer {
        let longest = signatures[signatures.count - 1].chars
        let codePoints = text.unicodeScalars.prefix(longest).map { Int32(bitPattern: $0.value) }
        var number = signatures.firstIndex { $0.chars >= codePoints.count } ?? 0
        var outputs = try model.run(signatures[number], codePoints)
        while outputs.tokenCount > signatures[number].tokens && number + 1 < signatures.count {
            number += 1
            outputs = try model.run(signatures[number], codePoints)
        }
        let truncated =
            outputs.tokenCount > signatures[number].tokens || text.unicodeScalars.count > longest
        return decoding.answer(text, outputs, truncated: truncated)
    }
}

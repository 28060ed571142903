import Foundation

/// A bundle cannot be used; the message says why.
public struct BundleError: LocalizedError, Equatable {
    public let message: String

    public var errorDescription: String? { message }

    init(_ message: String) {
        self.message = message
    }
}

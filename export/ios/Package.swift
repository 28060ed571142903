// swift-tools-version:5.7
import PackageDescription

// TensorFlow Lite comes by CocoaPods only, so this package builds and tests the decoding without it;
// EdgekdIntents.podspec is the whole.
let package = Package(
    name: "EdgekdIntents",
    platforms: [.iOS(.v13), .macOS(.v10_15)],
    products: [.library(name: "EdgekdIntents", targets: ["EdgekdIntents"])],
    targets: [
        .target(name: "EdgekdIntents"),
        .testTarget(name: "EdgekdIntentsTests", dependencies: ["EdgekdIntents"]),
    ]
)

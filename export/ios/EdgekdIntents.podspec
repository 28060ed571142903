Pod::Spec.new do |spec|
  spec.name = "EdgekdIntents"
  spec.version = "1.0.0"
  spec.summary = "Intents and slots on the phone: __EDGEKD_NAME__"
  spec.homepage = "https://example.com/edgekd"
  spec.license = "Apache-2.0"
  spec.author = "edgekd"
  spec.source = { :path => "." }
  spec.platform = :ios, "13.0"
  spec.swift_version = "5.7"
  spec.static_framework = true
  spec.source_files = "Sources/EdgekdIntents/*.swift"
  spec.dependency "TensorFlowLiteSwift", "~> 2.17.0"
end

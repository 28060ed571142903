"""From a trained student to files that a phone runs: TFLite and ONNX, checked and audited."""

#!/bin/sh
# Gets TensorFlow Lite 2.17.1's C library and its headers: sh fetch_runtime.sh [x86_64|aarch64] [FOLDER]
# The library comes from a Python package, the headers from a Node package (README.md says why). Both are
# pinned by checksum.
set -eu

machine=${1:-$(uname -m)}
out=${2:-$(dirname "$0")/build/runtime/$machine}
case $machine in
  x86_64) library=754347a59de2b3d378a0cbc404a8b41164036e74fa1c185f88056974e4bfb6b4 ;;
  aarch64) library=32a865123ebcc270ce6408b675456c3aecd8a6f0ddfe6311680616c9c01f990a ;;
  *)
    echo "fetch_runtime: no library for $machine; expected x86_64 or aarch64 (see README.md to build one)" >&2
    exit 2
    ;;
esac
headers=da3217ca6e8bf0b50d387d2ae8499f38169d32e9eda34b432f40c313d0bfa594

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-python3}
"$python" -m pip download --quiet --no-deps --only-binary=:all: --platform "manylinux_2_35_$machine" \
  --dest "$work" pyopen-wakeword==1.1.0
npm pack --silent --pack-destination "$work" react-native-fast-tflite@1.3.0 >/dev/null
printf '%s  %s\n' "$library" "$(echo "$work"/*.whl)" "$headers" "$(echo "$work"/*.tgz)" |
  sha256sum --check --quiet

"$python" -m zipfile -e "$work"/*.whl "$work"
tar -xzf "$work"/*.tgz -C "$work" package/ios/TensorFlowLiteC.framework/Headers
mkdir -p "$out/include/tensorflow/lite/c" "$out/lib"
cp "$work"/package/ios/TensorFlowLiteC.framework/Headers/*.h "$out/include/tensorflow/lite/c"
cp "$work"/pyopen_wakeword/lib/libtensorflowlite_c.so "$out/lib"
echo "$out"

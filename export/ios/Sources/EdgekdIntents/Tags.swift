import Foundation

/// The best BIO tags that make sense together.
///
/// Tags are numbered O, B-a, I-a, B-b, I-b, ...: an I- tag is even and above 0, and the B- of its slot is one below.
enum Tags {
    /// The most probable sequence in which each I- continues a span of its own slot; `logits` has a row a token.
    static func best(_ logits: [[Float]]) -> [Int] {
        let tags = logits.map { argmax($0) }
        var before = 0
        for tag in tags {
            if isInside(tag) && before != tag && before != tag - 1 {
                return viterbi(logits)
            }
            before = tag
        }
        return tags
    }

    static func isInside(_ tag: Int) -> Bool {
        tag > 0 && tag % 2 == 0
    }

    /// The place of the largest value, the first of several.
    static func argmax<Value: Comparable>(_ values: [Value]) -> Int {
        var best = 0
        for index in values.indices where values[index] > values[best] {
            best = index
        }
        return best
    }

    private static func viterbi(_ logits: [[Float]]) -> [Int] {
        var total = logProbabilities(logits[0])
        for tag in total.indices where isInside(tag) {
            total[tag] = -Double.infinity
        }
        var origins: [[Int]] = []
        for row in logits.dropFirst() {
            var origin = [Int](repeating: argmax(total), count: total.count)
            for tag in total.indices where isInside(tag) {
                origin[tag] = total[tag - 1] >= total[tag] ? tag - 1 : tag
            }
            let score = logProbabilities(row)
            total = score.indices.map { total[origin[$0]] + score[$0] }
            origins.append(origin)
        }
        var tags = [argmax(total)]
        for origin in origins.reversed() {
            tags.append(origin[tags[tags.count - 1]])
        }
        return tags.reversed()
    }

    private static func logProbabilities(_ logits: [Float]) -> [Double] {
        let values = logits.map { Double($0) }
        let largest = values[argmax(values)]
        let sum = values.reduce(0) { $0 + exp($1 - largest) }
        return values.map { $0 - largest - log(sum) }
    }
}

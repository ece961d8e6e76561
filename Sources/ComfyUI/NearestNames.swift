/// The names that a misspelt one is most like, by edit distance (insert, delete, replace a byte; case does not count).
///
/// Bounded whatever a user writes and a worker lists: the distance is computed for the few names whose bytes differ
/// least, and of the first `length` bytes of each.
public enum NearestNames {
    private static let length = 96
    private static let candidates = 16

    /// At most `count` of `names`, the nearest first, those as near in alphabetical order; an exact match is one of them.
    ///
    /// - Parameter within: How many changes away a name may be; absent, the nearest are given however far they are.
    public static func of(_ name: String, among names: [String], count: Int = 3, within: Int = .max)
        -> [String]
    {
        let wanted = folded(name)
        let bag = bag(of: wanted)
        let near = names.map { (name: $0, distance: bagDistance(bag, wanted.count, folded($0))) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(candidates)
        return near.map { (name: $0.name, distance: distance(wanted, folded($0.name))) }
            .filter { $0.distance <= within }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(count).map(\.name)
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.prefix(length).map {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0
        }
    }

    private static func bag(of bytes: [UInt8]) -> [Int] {
        var bag = [Int](repeating: 0, count: 256)
        for byte in bytes { bag[Int(byte)] += 1 }
        return bag
    }

    /// How many bytes differ when order does not count: never more than the edit distance.
    private static func bagDistance(_ bag: [Int], _ count: Int, _ other: [UInt8]) -> Int {
        var rest = bag
        var common = 0
        for byte in other where rest[Int(byte)] > 0 {
            rest[Int(byte)] -= 1
            common += 1
        }
        return max(count, other.count) - common
    }

    /// Levenshtein's, row by row.
    static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (line, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in b.enumerated() {
                let replaced = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}

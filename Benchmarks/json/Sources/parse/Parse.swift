import Foundation
import JSON

/// `parse own|codable FILE ROUNDS`: prints the microseconds of the fastest of ROUNDS parses.
@main enum Parse {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let rounds = Int(arguments[3]), rounds > 0 else {
            print("usage: parse own|codable FILE ROUNDS")
            exit(2)
        }
        let data = try Data(contentsOf: URL(filePath: arguments[2]))
        let bytes = [UInt8](data)
        let decoder = JSONDecoder()
        var members = 0
        var best = Duration.seconds(3600)
        for _ in 0..<rounds {
            let time = try ContinuousClock().measure {
                if arguments[1] == "own" {
                    members += try JSON(parsing: bytes).object?.count ?? 0
                } else {
                    members += try decoder.decode(CodableValue.self, from: data).count
                }
            }
            best = min(best, time)
        }
        precondition(members > 0, "the file is no object")
        print(Double(best.components.attoseconds) / 1e12)
    }
}

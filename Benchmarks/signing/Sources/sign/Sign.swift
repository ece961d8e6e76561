import HTTP
import Time

@testable import AWSClients

/// `sign PASSES`: signs the requests of standard input, PASSES times over, and prints the microseconds of a signature
/// in the fastest pass, then every signature.
@main enum Sign {
    /// A request before it is signed, as the AWS client has it at that point.
    struct Request {
        var method: HTTPMethod
        var url: URL
        var headers: HTTPHeaders
        var time: Timestamp
    }

    static func main() {
        guard let passes = CommandLine.arguments.last.flatMap({ Int($0) }) else {
            fatalError("usage: sign PASSES < REQUESTS")
        }
        let signer = SigV4(
            credentials: Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                sessionToken: "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJGMEQCIBSUbVdj=="),
            region: "us-east-1", service: "s3", pathRule: .asSent, keys: SigningKeyCache())
        let requests = read()
        var signatures: [String] = []
        var best = Duration.seconds(3600)
        for pass in 0..<passes {
            let time = ContinuousClock().measure {
                for request in requests {
                    var headers = request.headers
                    let signature = signer.sign(
                        method: request.method, url: request.url, headers: &headers,
                        payloadHash: SigV4.emptyHash, sendsPayloadHash: true, at: request.time)
                    if pass == 0 { signatures.append(signature.value) }
                }
            }
            best = min(best, time)
        }
        let seconds = Double(best.components.seconds) + Double(best.components.attoseconds) / 1e18
        print(seconds * 1e6 / Double(max(requests.count, 1)))
        print(signatures.joined(separator: "\n"))
    }

    /// Lines of method, address and time, separated by tabs.
    private static func read() -> [Request] {
        var requests: [Request] = []
        while let line = readLine() {
            let fields = line.split(separator: "\t").map(String.init)
            guard fields.count == 3, let url = URL(fields[1]), let time = Timestamp(basicISO8601: fields[2])
            else { fatalError("not a request: \(line)") }
            requests.append(
                Request(
                    method: HTTPMethod(rawValue: fields[0]), url: url,
                    headers: ["content-type": "image/png", "amz-sdk-request": "attempt=1; max=3"],
                    time: time))
        }
        return requests
    }
}

import AWSClients
import Crypto
import HTTP
import JSON
import LambdaRuntime

/// For each object that S3 announces, an object beside it with its SHA-256.
struct ObjectDigest: InvocationHandler {
    let s3: S3

    func handle(_ event: [UInt8], _ context: InvocationContext) async throws -> [UInt8] {
        for record in try JSON(parsing: event)["Records"]?.array ?? [] {
            guard let bucket = record["s3"]?["bucket"]?["name"]?.string,
                let key = record["s3"]?["object"]?["key"]?.string.flatMap({
                    URL.percentDecode($0, plusIsSpace: true)
                }), !key.hasSuffix(".sha256")
            else { continue }
            let object = try await s3.get(bucket: bucket, key: key, limit: 64 << 20)
            let digest = Hex.encode(SHA256.hash(object)) + "\n"
            try await s3.put(Array(digest.utf8), bucket: bucket, key: key + ".sha256")
        }
        return Array("null".utf8)
    }
}

LambdaRuntime.main { loop in
    let configuration = try AWSClient.Configuration(environment: ProcessEnvironment.current)
    return ObjectDigest(s3: S3(AWSClient(http: HTTPClient(loop: loop), configuration: configuration)))
}

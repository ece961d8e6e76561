public import Crypto
import JSON

/// KMS (awsJson1_1, version 2014-11-01). The context is not secret; what was encrypted with one is decrypted only with
/// the same.
public struct KMS: Sendable {
    /// A key that encrypts data outside KMS.
    public struct DataKey: Sendable {
        /// 32 bytes, for AES-256. Use it and forget it.
        public var plaintext: Secret
        /// To be kept beside the data; `decrypt` gives `plaintext` again.
        public var ciphertext: [UInt8]
    }

    let client: AWSClient

    /// Calls through a client.
    public init(_ client: AWSClient) { self.client = client }

    /// 1 to 4,096 bytes, encrypted under a symmetric key given by its id, ARN or alias.
    public func encrypt(
        _ plaintext: [UInt8], key: String, context: [String: String] = [:]
    ) async throws(AWSError) -> [UInt8] {
        let operation = Operation(.kms, "Encrypt")
        guard (1...4096).contains(plaintext.count) else {
            throw operation.invalid("a plaintext of \(plaintext.count) bytes; 1 to 4,096 are allowed")
        }
        let input: JSON.Object = ["KeyId": .string(key), "Plaintext": .string(Base64.encode(plaintext))]
        return try await call(operation, input, context) { output throws(AWSError) in
            try Self.bytes("CiphertextBlob", of: output, operation)
        }
    }

    /// 1 to 6,144 bytes. `key` says which key it must have been; nil trusts what the ciphertext says.
    public func decrypt(
        _ ciphertext: [UInt8], key: String? = nil, context: [String: String] = [:]
    ) async throws(AWSError) -> Secret {
        let operation = Operation(.kms, "Decrypt")
        guard (1...6144).contains(ciphertext.count) else {
            throw operation.invalid("a ciphertext of \(ciphertext.count) bytes; 1 to 6,144 are allowed")
        }
        var input: JSON.Object = ["CiphertextBlob": .string(Base64.encode(ciphertext))]
        if let key { input["KeyId"] = .string(key) }
        return try await call(operation, input, context) { output throws(AWSError) in
            Secret(try Self.bytes("Plaintext", of: output, operation))
        }
    }

    /// A new key of 256 bits, in the clear and encrypted under `key`.
    public func generateDataKey(
        key: String, context: [String: String] = [:]
    ) async throws(AWSError) -> DataKey {
        let operation = Operation(.kms, "GenerateDataKey")
        return try await call(operation, ["KeyId": .string(key), "KeySpec": "AES_256"], context) {
            output throws(AWSError) in
            DataKey(
                plaintext: Secret(try Self.bytes("Plaintext", of: output, operation)),
                ciphertext: try Self.bytes("CiphertextBlob", of: output, operation))
        }
    }

    private func call<Output: Sendable>(
        _ operation: Operation, _ input: JSON.Object, _ context: [String: String],
        decode: (JSON) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        var input = input
        if !context.isEmpty {
            input["EncryptionContext"] = .object(
                JSON.Object(context.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        return try await client.json(operation, target: "TrentService", .object(input), decode: decode)
    }

    private static func bytes(
        _ member: String, of output: JSON, _ operation: Operation
    ) throws(AWSError) -> [UInt8] {
        guard let bytes = output[member]?.string.flatMap({ Base64.decode($0) }) else {
            throw operation.malformed("the answer has no \(member)")
        }
        return bytes
    }
}

import Crypto
import JSON
import Testing

@testable import AWSClients

@Suite(.timeLimit(.minutes(1))) struct KMSTests {
    @Test func itsOperations() async throws {
        let server = try StrictServer { request, _ in
            switch request.headers["x-amz-target"] {
            case "TrentService.Encrypt": .answer(200, [:], #"{"CiphertextBlob":"AQI=","KeyId":"k"}"#)
            case "TrentService.Decrypt": .answer(200, [:], #"{"Plaintext":"aGVsbG8=","KeyId":"k"}"#)
            default: .answer(200, [:], #"{"Plaintext":"a2V5","CiphertextBlob":"Aw==","KeyId":"k"}"#)
            }
        }
        let kms = KMS(try server.client())
        #expect(
            try await kms.encrypt(Array("hello".utf8), key: "alias/k", context: ["b": "2", "a": "1"]) == [
                1, 2,
            ])
        #expect(try await kms.decrypt([1, 2]) == Secret("hello"))
        #expect(try await kms.decrypt([1, 2], key: "k", context: ["a": "1"]) == Secret("hello"))
        let key = try await kms.generateDataKey(key: "k")
        #expect(key.plaintext == Secret("key"))
        #expect(key.ciphertext == [3])
        #expect(
            server.requests.map(\.json) == [
                ["KeyId": "alias/k", "Plaintext": "aGVsbG8=", "EncryptionContext": ["a": "1", "b": "2"]],
                ["CiphertextBlob": "AQI="],
                ["CiphertextBlob": "AQI=", "KeyId": "k", "EncryptionContext": ["a": "1"]],
                ["KeyId": "k", "KeySpec": "AES_256"],
            ])
        #expect(server.requests.last?.headers["x-amz-target"] == "TrentService.GenerateDataKey")
    }

    @Test func aWrongContextIsAnErrorOfItsOwn() async throws {
        let server = try StrictServer { _, _ in .answer(400, [:], #"{"__type":"InvalidCiphertextException"}"#)
        }
        let kms = KMS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await kms.decrypt([1]) }
        #expect(error?.code.rawValue == "InvalidCiphertextException")
        #expect(server.requests.count == 1)
    }

    @Test func anAnswerWithoutItsBytesIsMalformed() async throws {
        let server = try StrictServer { _, _ in .answer(200, [:], #"{"Plaintext":"?"}"#) }
        let kms = KMS(try server.client())
        let error = await #expect(throws: AWSError.self) { try await kms.decrypt([1]) }
        #expect(error?.message == "the answer has no Plaintext")
    }
}

import HTTP

/// The input of a query-protocol operation: a form
/// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
struct QueryForm: Sendable {
    let operation: Operation
    private(set) var fields: [(name: String, value: String)]

    init(_ operation: Operation, version: String) {
        self.operation = operation
        fields = [("Action", operation.name), ("Version", version)]
    }

    /// Sets a field; nil leaves it out.
    subscript(name: String) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            fields.removeAll { $0.name == name }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// `Name.entry.1.key`, `Name.entry.1.value`, sorted by key.
    mutating func addMap(_ name: String, _ map: [String: String]) {
        for (index, (key, value)) in map.sorted(by: { $0.key < $1.key }).enumerated() {
            self["\(name).entry.\(index + 1).key"] = key
            self["\(name).entry.\(index + 1).value"] = value
        }
    }

    /// Spaces are `+`, as forms have them and as botocore sends them.
    var body: [UInt8] {
        func encode(_ text: String) -> String {
            text.split(separator: " ", omittingEmptySubsequences: false).map { URL.percentEncode(String($0)) }
                .joined(separator: "+")
        }
        return Array(fields.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&").utf8)
    }
}

extension AWSClient {
    /// A query-protocol call: `POST /` with a form, answered by XML. `decode` gets the `<OperationResult>`.
    func query<Output: Sendable>(
        _ form: QueryForm, isSigned: Bool = true, decode: (XMLElement) throws(AWSError) -> Output
    ) async throws(AWSError) -> Output {
        let operation = form.operation
        var call = Call(operation, .post)
        call.headers = ["content-type": "application/x-www-form-urlencoded; charset=utf-8"]
        call.body = .bytes(form.body)
        call.isSigned = isSigned
        return try await send(call) { response throws(AWSError) in
            let root: XMLElement
            do throws(XMLError) {
                root = try XMLElement(parsing: response.body)
            } catch {
                throw operation.malformed("the answer is not XML: \(error)", underlying: error)
            }
            if let error = ErrorResponse.embedded(in: root, operation) { throw error }
            guard let result = root["\(operation.name)Result"] else {
                throw operation.malformed("the answer has no \(operation.name)Result")
            }
            return try decode(result)
        }
    }

    /// A call whose result is one text.
    func query(_ form: QueryForm, result name: String) async throws(AWSError) -> String {
        try await query(form) { result throws(AWSError) in
            guard let text = result[name]?.text else {
                throw form.operation.malformed("the answer has no \(name)")
            }
            return text
        }
    }
}

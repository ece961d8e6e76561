import HTTP
import JSON

/// Reads the answer of a call that failed. Whatever the body is (a proxy's page, nothing, half a document), the
/// result is an error value.
enum ErrorResponse {
    static func read(
        status: Int, headers: HTTPHeaders, body: [UInt8], _ operation: Operation
    ) -> AWSError {
        var code: String?
        var message: String?
        var requestID: String?
        var details: JSON?
        switch operation.service.errorFormat {
        case .json:
            details = try? JSON(parsing: body, maximumDepth: maximumDepth)
            (code, message) = json(headers: headers, details)
        case .xml: (code, message, requestID) = xml(body)
        }
        var error = AWSError(
            code: code.map { .init(rawValue: $0) } ?? .unknown,
            message: message ?? (code == nil ? unreadable(status: status, headers: headers, body: body) : ""),
            status: status, service: operation.service.name, operation: operation.name,
            requestID: self.requestID(headers) ?? requestID)
        error.details = details
        return error
    }

    /// Items in DynamoDB's errors are 32 deep, two levels of JSON each.
    private static let maximumDepth = 72

    static func requestID(_ headers: HTTPHeaders) -> String? {
        headers["x-amzn-requestid"] ?? headers["x-amz-request-id"]
    }

    /// awsJson: `x-amzn-query-error` of services that once spoke XML goes first, then `x-amzn-errortype`, then
    /// `__type` or `code` of the body
    /// (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization).
    private static func json(headers: HTTPHeaders, _ json: JSON?) -> (code: String?, message: String?) {
        let queryCode = headers["x-amzn-query-error"].map { String($0.prefix { $0 != ";" }) }
        let type = headers["x-amzn-errortype"] ?? json?["__type"]?.string ?? json?["code"]?.string
        let code = queryCode ?? type.map(shapeName)
        let message = json?["message"]?.string ?? json?["Message"]?.string
        return (code.flatMap { $0.isEmpty ? nil : $0 }, message)
    }

    /// `aws.protocoltests#FooError:http://internal.amazon.com/…` is `FooError`.
    private static func shapeName(_ type: String) -> String {
        let withoutAddress = type.prefix { $0 != ":" }
        return String(withoutAddress.split(separator: "#").last ?? withoutAddress)
    }

    /// `<ErrorResponse><Error>` of the query protocol and the bare `<Error>` of S3.
    private static func xml(_ body: [UInt8]) -> (code: String?, message: String?, requestID: String?) {
        guard let root = try? XMLElement(parsing: body) else { return (nil, nil, nil) }
        return fields(root)
    }

    /// The error in a document that came with a success: S3 may begin to answer before it knows.
    static func embedded(in root: XMLElement, _ operation: Operation) -> AWSError? {
        guard root.name == "Error" || root.name == "ErrorResponse" else { return nil }
        let (code, message, requestID) = fields(root)
        return AWSError(
            code: code.map { .init(rawValue: $0) } ?? .unknown, message: message ?? "", status: 200,
            service: operation.service.name, operation: operation.name, requestID: requestID)
    }

    private static func fields(
        _ root: XMLElement
    ) -> (code: String?, message: String?, requestID: String?) {
        let error = root.name == "Error" ? root : root["Error"]
        let code = error?["Code"]?.text
        return (
            code.flatMap { $0.isEmpty ? nil : $0 }, error?["Message"]?.text,
            root["RequestId"]?.text ?? error?["RequestId"]?.text
        )
    }

    private static func unreadable(status: Int, headers: HTTPHeaders, body: [UInt8]) -> String {
        body.isEmpty
            ? "the answer has no body to say why"
            : "the answer's \(body.count) bytes of \(headers["content-type"] ?? "unknown type") name no error code"
    }
}

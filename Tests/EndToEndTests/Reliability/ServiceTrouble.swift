import Synchronization
import TestSupport

/// An AWS service on a bad day: of a hundred calls it throttles 30, answers 5 with 500, and of 5 the connection breaks, before or
/// after they were done. Its first call is throttled, so that no day is too short to be a bad one.
final class ServiceTrouble: Sendable {
    private let service: String
    private let calls = Atomic(0)
    private let troubled = Atomic(0)

    /// `DynamoDB`, `S3`, `SNS` or `SQS`.
    init(of service: String) { self.service = service }

    /// How many calls did not go through.
    var count: Int { troubled.load(ordering: .relaxed) }

    /// What becomes of a call.
    func judge(_ call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
        guard call.service == service else { return .pass }
        let isFirst = moment == .before && calls.add(1, ordering: .relaxed).oldValue == 0
        let fate = isFirst ? answer(isThrottling: true) : fate(of: call, moment)
        if case .pass = fate { return fate }
        troubled.add(1, ordering: .relaxed)
        return fate
    }

    private func fate(of call: CallProxy.Call, _ moment: CallProxy.Moment) -> CallProxy.Fate {
        switch (moment, Self.lot(of: call.id)) {
        case (.before, 0..<30): answer(isThrottling: true)
        case (.before, 30..<35): answer(isThrottling: false)
        case (.before, 35..<38), (.after, 38..<40): .hangUp
        default: .pass
        }
    }

    /// A number under a hundred for each call: a step of SplitMix64.
    private static func lot(of number: Int) -> UInt64 {
        var z = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return (z ^ (z >> 31)) % 100
    }

    /// As the service itself words it.
    private func answer(isThrottling: Bool) -> CallProxy.Fate {
        switch service {
        case "S3":
            let code = isThrottling ? "SlowDown" : "InternalError"
            return .answer(
                isThrottling ? 503 : 500, headers: ["Content-Type: application/xml"],
                body: "<Error><Code>\(code)</Code><Message>No.</Message></Error>")
        case "SNS":
            let code = isThrottling ? "Throttling" : "InternalFailure"
            return .answer(
                isThrottling ? 400 : 500, headers: ["Content-Type: text/xml"],
                body: "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code>"
                    + "<Message>No.</Message></Error><RequestId>r</RequestId></ErrorResponse>")
        default:
            let code =
                isThrottling
                ? (service == "SQS" ? "RequestThrottled" : "ProvisionedThroughputExceededException")
                : "InternalServerError"
            return .answer(
                isThrottling ? 400 : 500, headers: ["Content-Type: application/x-amz-json-1.0"],
                body: #"{"__type":"com.amazonaws#\#(code)","message":"No."}"#)
        }
    }
}

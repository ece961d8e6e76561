import JSON
import Time

/// What EventBridge sends when a rule's time has come.
enum ScheduleEvent {
    static func document(id: String, at time: Timestamp, rule: String, region: String) -> JSON {
        let account = FunctionDefinition.accountID
        // EventBridge writes whole seconds.
        let seconds = time.rfc3339.prefix { $0 != "." } + "Z"
        return [
            "version": "0", "id": .string(id), "detail-type": "Scheduled Event", "source": "aws.events",
            "account": .string(account), "time": .string(String(seconds)), "region": .string(region),
            "resources": [.string("arn:aws:events:\(region):\(account):rule/\(rule)")], "detail": [:],
        ]
    }
}

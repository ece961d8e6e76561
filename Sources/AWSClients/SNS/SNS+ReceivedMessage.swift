public import HTTP
import JSON

extension SNS {
    /// A message as an HTTP subscription gets it
    /// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html), without its attributes: they are
    /// not signed.
    public struct ReceivedMessage: Sendable, Hashable {
        /// What SNS wants.
        public enum Kind: String, Sendable {
            /// Tells a message.
            case notification = "Notification"
            /// Asks whether the endpoint wants the topic's messages: yes is a GET of `subscribeURL`.
            case subscriptionConfirmation = "SubscriptionConfirmation"
            /// Tells that there will be no more; a GET of `subscribeURL` takes that back.
            case unsubscribeConfirmation = "UnsubscribeConfirmation"
        }

        /// What SNS wants.
        public var kind: Kind
        /// The same at every delivery.
        public var messageID: String
        /// Where it was published.
        public var topicARN: String
        /// As published.
        public var text: String
        /// Absent for most messages.
        public var subject: String?
        /// When it was published, ISO 8601.
        public var timestamp: String
        /// Of the two confirmations.
        public var subscribeURL: URL?

        /// `Key\nValue\n` of each member that is signed, sorted by their names.
        let signedText: [UInt8]

        init?(_ json: JSON) {
            guard let kind = json["Type"]?.string.flatMap({ Kind(rawValue: $0) }),
                let messageID = json["MessageId"]?.string, let topicARN = json["TopicArn"]?.string,
                let text = json["Message"]?.string, let timestamp = json["Timestamp"]?.string
            else { return nil }
            let names =
                kind == .notification
                ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
                : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            var signed = ""
            for name in names {
                // A null subject is as good as none; what else is missing makes the signature fail.
                if let value = json[name]?.string { signed += "\(name)\n\(value)\n" }
            }
            self.kind = kind
            self.messageID = messageID
            self.topicARN = topicARN
            self.text = text
            self.timestamp = timestamp
            if kind == .notification {
                subject = json["Subject"]?.string
            } else {
                subscribeURL = json["SubscribeURL"]?.string.flatMap { URL($0) }
            }
            signedText = Array(signed.utf8)
        }
    }
}

public import JSON

/// Which front end made an event, and so how it wants its answer.
public enum HTTPEventFormat: String, Sendable, CaseIterable {
    /// API Gateway REST API, payload 1.0; also an HTTP API that is set to it.
    case restAPI
    /// API Gateway HTTP API, payload 2.0.
    case httpAPI
    /// Lambda function URL: payload 2.0.
    case functionURL
    /// ALB target group without multi-value headers.
    case applicationLoadBalancer
    /// ALB target group with multi-value headers: the answer must have them too.
    case applicationLoadBalancerMultiValue

    /// nil for what is no HTTP event. WebSocket APIs and authorizers look alike, and are none.
    public init?(_ event: JSON) {
        if let type = event["type"]?.string, type == "REQUEST" || type == "TOKEN" { return nil }
        let context = event["requestContext"]
        if context?["connectionId"]?.string != nil { return nil }
        if event["version"]?.string == "2.0", event["rawPath"]?.string != nil, context?["http"] != nil {
            let domain = context?["domainName"]?.string ?? ""
            self = domain.split(separator: ".").contains("lambda-url") ? .functionURL : .httpAPI
        } else if event["httpMethod"]?.string != nil, let context {
            if context["elb"] != nil {
                let isMultiValue =
                    event["multiValueHeaders"]?.object != nil
                    || event["multiValueQueryStringParameters"]?.object != nil
                self = isMultiValue ? .applicationLoadBalancerMultiValue : .applicationLoadBalancer
            } else {
                self = .restAPI
            }
        } else {
            return nil
        }
    }
}

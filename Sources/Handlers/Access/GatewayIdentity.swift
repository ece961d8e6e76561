import JSON

/// Whom the front end's own authorizer vouches for.
enum GatewayIdentity {
    /// Whom an authorizer of API Gateway or a function URL vouches for. The members are the front end's own: a client cannot set them.
    /// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    static func user(vouchedForBy authorizer: JSON) -> User? {
        // HTTP API with a JWT authorizer; REST API with a Cognito one.
        if let claims = authorizer["jwt"]?["claims"] ?? authorizer["claims"] {
            return user(claims: claims)
        }
        if let identity = authorizer["iam"] { return user(identity: identity) }
        // A Lambda authorizer's own context: the HTTP API nests it, the REST API does not.
        let context = authorizer["lambda"] ?? authorizer
        if context["sub"] != nil { return user(claims: context) }
        if let principal = text(context["principalId"]) {
            return User(issuer: "lambda-authorizer", subject: principal)
        }
        return authorizer["userArn"] == nil ? nil : user(identity: authorizer)
    }

    private static func user(claims: JSON) -> User? {
        guard let subject = text(claims["sub"]) else { return nil }
        return User(issuer: text(claims["iss"]) ?? "", subject: subject)
    }

    /// A signed request. People of a Cognito identity pool share one role, so that its identity id tells them apart; any other
    /// caller is its user id, which for an assumed role ends in the session's name.
    private static func user(identity: JSON) -> User? {
        let pool = identity["cognitoIdentity"]?["identityId"] ?? identity["cognitoIdentityId"]
        if let person = text(pool) {
            return User(issuer: "cognito-identity.amazonaws.com", subject: person)
        }
        let account = text(identity["accountId"]) ?? ""
        // A REST API calls the user id `user`.
        let caller = text(identity["userId"]) ?? text(identity["user"]) ?? text(identity["userArn"])
        guard let caller else { return nil }
        return User(issuer: "iam.amazonaws.com/\(account)", subject: caller)
    }

    private static func text(_ json: JSON?) -> String? {
        json?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}

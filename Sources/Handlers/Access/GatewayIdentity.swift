import JSON

/// Whom the front end's own authorizer vouches for.
enum GatewayIdentity {
    /// Whom an authorizer of API Gateway or a function URL vouches for. The members are the front end's own: a client cannot set them.
    /// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    /// `tierClaim` names what says the user's tier; `free` without one.
    static func user(vouchedForBy authorizer: JSON, tierClaim: String? = nil) -> User? {
        // HTTP API with a JWT authorizer; REST API with a Cognito one.
        if let claims = authorizer["jwt"]?["claims"] ?? authorizer["claims"] {
            return user(claims: claims, tierClaim)
        }
        if let identity = authorizer["iam"] { return user(identity: identity) }
        // A Lambda authorizer's own context: the HTTP API nests it, the REST API does not.
        let context = authorizer["lambda"] ?? authorizer
        if context["sub"] != nil { return user(claims: context, tierClaim) }
        if let principal = text(context["principalId"]) {
            return User(issuer: "lambda-authorizer", subject: principal)
        }
        return authorizer["userArn"] == nil ? nil : user(identity: authorizer)
    }

    private static func user(claims: JSON, _ tierClaim: String?) -> User? {
        guard let subject = text(claims["sub"]) else { return nil }
        var user = User(issuer: text(claims["iss"]) ?? "", subject: subject)
        if let tier = tierClaim.flatMap({ claims[$0] }).flatMap(tier) {
            user.tier = tier
            user.scopes = Scope.ofPeople(tier)
        }
        return user
    }

    /// Authorizers pass claims on as texts: a list of groups is `[pro beta]` in an HTTP API, `pro,beta` in a REST API.
    private static func tier(_ claim: JSON) -> Tier? {
        guard let text = claim.string else { return Tier(claim: claim) }
        let names = text.split(whereSeparator: { "[], ".contains($0) })
        return Tier(claim: .array(names.map { .string(String($0)) }))
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

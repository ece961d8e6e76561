import JSON

extension RouteDescription {
    static var register: RouteDescription {
        RouteDescription(
            summary: "Make an account",
            details: "Where `REGISTRATION` allows it: to anybody, or to whoever has an invitation.",
            tag: .accounts,
            body: [
                FieldDescription(
                    AccountRoutes.Fields.email, "Your e-mail address; its case does not matter."),
                FieldDescription(AccountRoutes.Fields.password, "10 to 256 characters."),
                FieldDescription(AccountRoutes.Fields.invite, "An administrator's invitation."),
            ],
            bodyExamples: [
                ("account", ["email": "ada@example.org", "password": "correct horse battery"])
            ],
            answers: [
                Answer(
                    status: 201, summary: "The account, and that you are signed in.",
                    content: Content(schema: withUser))
            ], errors: [.forbidden, .conflict])
    }

    static var login: RouteDescription {
        RouteDescription(
            summary: "Sign in",
            details:
                "An unknown address and a wrong password are answered alike. Attempts are counted per account and address.",
            tag: .accounts,
            body: [
                FieldDescription(AccountRoutes.Fields.email, "The account's e-mail address."),
                FieldDescription(AccountRoutes.Fields.givenPassword, "Its password."),
            ],
            bodyExamples: [
                ("account", ["email": "ada@example.org", "password": "correct horse battery"])
            ],
            answers: [signedIn], errors: [.unauthenticated, .forbidden])
    }

    static var refresh: RouteDescription {
        RouteDescription(
            summary: "New tokens for old",
            details: """
                A refresh token is good for one use, within 30 days of signing in. One that comes a second time ends the session: \
                somebody else has it.
                """,
            tag: .accounts,
            body: [
                FieldDescription(AccountRoutes.Fields.refreshToken, "The last refresh token you were given.")
            ],
            bodyExamples: [("token", ["refresh_token": "comfyr_AZ…"])],
            answers: [signedIn], errors: [.unauthenticated, .forbidden])
    }

    static var logout: RouteDescription {
        RouteDescription(
            summary: "Sign out",
            details: "The token that was sent, and all of its session, are void within a minute.",
            tag: .accounts, body: [], answers: [done], errors: [.conflict])
    }

    static var account: RouteDescription {
        RouteDescription(
            summary: "Who you are here", tag: .accounts,
            answers: [Answer(status: 200, summary: "Your account.", content: Content(schema: accountSchema))])
    }

    static var changePassword: RouteDescription {
        RouteDescription(
            summary: "Change your password",
            details: "Ends every session but the one it answers with. API keys stay good.", tag: .accounts,
            body: [
                FieldDescription(AccountRoutes.Fields.currentPassword, "The one you have."),
                FieldDescription(AccountRoutes.Fields.newPassword, "The one to be, 10 to 256 characters."),
            ],
            bodyExamples: [
                (
                    "change",
                    [
                        "current_password": "correct horse battery",
                        "new_password": "another horse battery",
                    ]
                )
            ],
            answers: [signedIn], errors: [.conflict])
    }

    static var deactivate: RouteDescription {
        RouteDescription(
            summary: "Shut your account",
            details: "No session and no key is good within a minute. An administrator can undo it.",
            tag: .accounts, body: [FieldDescription(AccountRoutes.Fields.givenPassword, "Your password.")],
            bodyExamples: [("password", ["password": "correct horse battery"])],
            answers: [done], errors: [.conflict])
    }

    static var deleteAccount: RouteDescription {
        RouteDescription(
            summary: "Delete your account",
            details: """
                You are signed out at once, and no key is good any more. Your jobs with their outputs, your files and your templates are \
                deleted within minutes, and your account last; then your address may register again. Jobs that run are cancelled.
                """,
            tag: .accounts, body: [FieldDescription(AccountRoutes.Fields.givenPassword, "Your password.")],
            bodyExamples: [("password", ["password": "correct horse battery"])],
            answers: [
                Answer(
                    status: 202, summary: "The account is closed, and is being deleted.",
                    content: Content(schema: userSchema))
            ], errors: [.conflict])
    }

    static var listKeys: RouteDescription {
        RouteDescription(
            summary: "Your API keys", tag: .accounts,
            answers: [
                Answer(
                    status: 200, summary: "What is known of them; not their texts.",
                    content: Content(schema: object(["api_keys": ["type": "array", "items": keySchema]])))
            ])
    }

    static var createKey: RouteDescription {
        RouteDescription(
            summary: "Make an API key", details: "The answer has its text, and nothing after it has.",
            tag: .accounts,
            body: [
                FieldDescription(KeyRoutes.Fields.name, "What it is for."),
                FieldDescription(
                    KeyRoutes.Fields.scopes, "What it may be used for.",
                    default: ["jobs:read", "jobs:write"]),
                FieldDescription(KeyRoutes.Fields.expiresInDays, "When it ends; absent: never."),
                FieldDescription(KeyRoutes.Fields.requestsPerMinute, "Less than your tier's limit."),
            ],
            bodyExamples: [("key", ["name": "website", "scopes": ["jobs:write"], "expires_in_days": 90])],
            answers: [
                Answer(
                    status: 201, summary: "The key, with its text.",
                    content: Content(schema: newKeySchema), headers: [("Location", "The key's path.")])
            ], errors: [.conflict])
    }

    static var revokeKey: RouteDescription {
        RouteDescription(
            summary: "End an API key", details: "It is good for nothing within a minute.", tag: .accounts,
            answers: [done])
    }

    static let done = Answer(status: 204, summary: "Done.")

    private static let signedIn = Answer(
        status: 200, summary: "You are signed in.", content: Content(schema: tokens))

    static func object(_ properties: JSON.Object) -> JSON {
        [
            "type": "object", "properties": .object(properties),
            "required": .array(properties.keys.map { .string($0) }),
        ]
    }

    private static let tokenProperties: JSON.Object = [
        "access_token": ["type": "string"], "refresh_token": ["type": "string"],
        "token_type": ["const": "Bearer"], "expires_in": ["type": "integer"],
    ]
    private static let tokens = object(tokenProperties)
    private static var withUser: JSON {
        var properties = tokenProperties
        properties["user"] = userSchema
        return object(properties)
    }
    static let tierSchema: JSON = ["enum": .array(Tier.allCases.map { .string($0.rawValue) })]
    static let moment: JSON = ["type": "string", "format": "date-time"]
    static let momentOrNull: JSON = ["type": ["string", "null"], "format": "date-time"]
    static let userSchema = object([
        "user_id": ["type": "string"], "email": ["type": ["string", "null"]], "tier": tierSchema,
        "status": ["enum": .array(Account.Status.allCases.map { .string($0.rawValue) })],
        "created_at": moment,
    ])
    private static let scopesSchema: JSON = ["type": "array", "items": ["type": "string"]]
    private static let accountSchema = object([
        "user_id": ["type": "string"], "email": ["type": ["string", "null"]], "tier": tierSchema,
        "scopes": scopesSchema,
    ])
    private static let keyProperties: JSON.Object = [
        "id": ["type": "string", "format": "uuid"], "name": ["type": "string"], "scopes": scopesSchema,
        "requests_per_minute": ["type": ["integer", "null"]], "created_at": moment,
        "expires_at": momentOrNull, "last_used_at": momentOrNull,
    ]
    private static let keySchema = object(keyProperties)
    private static var newKeySchema: JSON {
        var properties = keyProperties
        properties["key"] = ["type": "string", "pattern": "^comfy_(free|pro|admin)_[A-Za-z0-9_-]{43}$"]
        return object(properties)
    }
}

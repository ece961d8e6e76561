import JSON

extension RouteDescription {
    static var listUsers: RouteDescription {
        RouteDescription(
            summary: "All accounts", details: "Foreign identities are among them once one was shut out.",
            tag: .accounts, query: pageQuery,
            answers: [page("users", of: userSchema)])
    }

    static var createUser: RouteDescription {
        RouteDescription(
            summary: "Make an account for somebody", tag: .accounts,
            body: [
                FieldDescription(AccountRoutes.Fields.email, "Their e-mail address."),
                FieldDescription(AccountRoutes.Fields.password, "What they sign in with first."),
                FieldDescription(AdminRoutes.Fields.tier, "What they may use.", default: "free"),
            ],
            bodyExamples: [
                ("user", ["email": "ada@example.org", "password": "correct horse battery", "tier": "pro"])
            ],
            answers: [
                Answer(
                    status: 201, summary: "The account.", content: Content(schema: userSchema),
                    headers: [("Location", "The user's path.")])
            ], errors: [.conflict])
    }

    static var user: RouteDescription {
        RouteDescription(
            summary: "One account", tag: .accounts,
            answers: [Answer(status: 200, summary: "The account.", content: Content(schema: userSchema))])
    }

    static var changeUser: RouteDescription {
        RouteDescription(
            summary: "Change a user's tier, or shut them out",
            details: "What is absent stays. It holds everywhere within a minute.", tag: .accounts,
            body: [
                FieldDescription(AdminRoutes.Fields.newTier, "Not of foreign identities."),
                FieldDescription(AdminRoutes.Fields.status, "Whether the account may be used."),
            ],
            bodyExamples: [("tier", ["tier": "pro"]), ("shut out", ["status": "deactivated"])],
            answers: [Answer(status: 200, summary: "The account.", content: Content(schema: userSchema))],
            errors: [.conflict])
    }

    static var deleteUser: RouteDescription {
        RouteDescription(
            summary: "Delete a user and all that is theirs",
            details: """
                As if they had deleted their account. What is here of a foreign identity is deleted too; then it may come again, as \
                somebody new: to keep it out, deactivate it.
                """,
            tag: .accounts,
            answers: [
                Answer(
                    status: 202, summary: "The account is closed, and is being deleted.",
                    content: Content(schema: userSchema))
            ], errors: [.conflict])
    }

    static var invite: RouteDescription {
        RouteDescription(
            summary: "Invite somebody", details: "The code is good for one registration.", tag: .accounts,
            body: [
                FieldDescription(AdminRoutes.Fields.tier, "Of the account to be.", default: "free"),
                FieldDescription(
                    AdminRoutes.Fields.expiresInDays, "For how long the code is good.", default: 7),
            ],
            bodyExamples: [("invitation", ["tier": "pro"])],
            answers: [
                Answer(
                    status: 201, summary: "The code, which is shown once.",
                    content: Content(
                        schema: object([
                            "invite": ["type": "string"], "tier": tierSchema, "expires_at": moment,
                        ])))
            ])
    }

    static var audit: RouteDescription {
        RouteDescription(
            summary: "Who changed what", details: "Newest first; kept for 90 days.", tag: .accounts,
            query: [
                FieldDescription(AdminRoutes.Fields.day, "In UTC; today when absent."),
                FieldDescription(AdminRoutes.Fields.user, "This user's entries alone."),
            ] + pageQuery,
            answers: [page("entries", of: entrySchema)])
    }

    private static var pageQuery: [FieldDescription] {
        [
            FieldDescription(AdminRoutes.Fields.limit, "Entries of a page.", default: 50),
            FieldDescription(AdminRoutes.Fields.cursor, "The last page's `next_cursor`."),
        ]
    }

    private static func page(_ name: String, of schema: JSON) -> Answer {
        Answer(
            status: 200, summary: "A page.",
            content: Content(
                schema: object([
                    name: ["type": "array", "items": schema], "next_cursor": ["type": ["string", "null"]],
                ])))
    }

    private static let entrySchema = object([
        "at": moment, "user_id": ["type": ["string", "null"]], "key_id": ["type": ["string", "null"]],
        "operation": ["type": "string"], "method": ["type": "string"], "path": ["type": "string"],
        "address": ["type": ["string", "null"]], "request_id": ["type": "string"],
        "status": ["type": "integer"],
    ])
}

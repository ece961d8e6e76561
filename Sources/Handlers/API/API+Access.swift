import HTTP

extension API {
    /// Accounts, sessions, keys.
    static func accountRoutes(_ services: Services, _ access: Access) -> [Route] {
        let accounts = AccountRoutes(services: services, access: access)
        let keys = KeyRoutes(services: services, access: access)
        let usage = UsageRoute(services: services)
        return [
            Route(.get, "/v1/usage", "getUsage", .user(usage.show), .usage),
            Route(.post, "/v1/auth/register", "register", .signIn(accounts.register), .register),
            Route(.post, "/v1/auth/login", "login", .signIn(accounts.login), .login),
            Route(.post, "/v1/auth/refresh", "refreshToken", .signIn(accounts.refresh), .refresh),
            Route(
                .post, "/v1/auth/logout", "logout", .user(accounts.logout), scope: .account, .logout),
            Route(
                .get, "/v1/auth/account", "getAccount", .user(accounts.show), .account),
            Route(
                .post, "/v1/auth/password", "changePassword", .user(accounts.changePassword),
                scope: .account, .changePassword),
            Route(
                .post, "/v1/auth/deactivate", "deactivateAccount", .user(accounts.deactivate),
                scope: .account, .deactivate),
            Route(
                .delete, "/v1/auth/account", "deleteAccount", .user(accounts.delete), scope: .account,
                .deleteAccount),
            Route(.get, "/v1/api-keys", "listAPIKeys", .user(keys.list), scope: .account, .listKeys),
            Route(.post, "/v1/api-keys", "createAPIKey", .user(keys.create), scope: .account, .createKey),
            Route(
                .delete, "/v1/api-keys/{id}", "revokeAPIKey", .user(keys.revoke), scope: .account, .revokeKey),
        ]
    }

    /// What takes the scope `admin`.
    static func adminRoutes(_ services: Services, _ access: Access) -> [Route] {
        let admin = AdminRoutes(
            services: services, access: access, accounts: AccountRoutes(services: services, access: access))
        let statistics = StatisticsRoute(services: services, access: access)
        return [
            Route(
                .get, "/v1/admin/users", "listUsers", .user(admin.listUsers), scope: .admin, .listUsers),
            Route(
                .post, "/v1/admin/users", "createUser", .user(admin.createUser), scope: .admin, .createUser),
            Route(.get, "/v1/admin/users/{id}", "getUser", .user(admin.showUser), scope: .admin, .user),
            Route(
                .put, "/v1/admin/users/{id}", "changeUser", .user(admin.changeUser), scope: .admin,
                .changeUser),
            Route(
                .delete, "/v1/admin/users/{id}", "deleteUser", .user(admin.deleteUser), scope: .admin,
                .deleteUser),
            Route(.post, "/v1/admin/invites", "createInvite", .user(admin.invite), scope: .admin, .invite),
            Route(
                .get, "/v1/admin/statistics", "getStatistics", .user(statistics.show), scope: .admin,
                .statistics),
            Route(.get, "/v1/admin/audit", "getAuditLog", .user(admin.audit), scope: .admin, .audit),
        ]
    }
}

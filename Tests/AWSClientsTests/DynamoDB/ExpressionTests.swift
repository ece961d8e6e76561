import JSON
import Testing

@testable import AWSClients

@Suite struct ExpressionTests {
    static let conditions: [(Condition, String)] = [
        (.exists("a"), "attribute_exists(#n0)"), (.notExists("a"), "attribute_not_exists(#n0)"),
        (.equals("a", .n(1)), "#n0 = :v0"), (.notEquals("a", .n(1)), "#n0 <> :v0"),
        (.less("a", .n(1)), "#n0 < :v0"), (.lessOrEqual("a", .n(1)), "#n0 <= :v0"),
        (.greater("a", .n(1)), "#n0 > :v0"), (.greaterOrEqual("a", .n(1)), "#n0 >= :v0"),
        (.between("a", .n(1), .n(2)), "#n0 BETWEEN :v0 AND :v1"),
        (.beginsWith("a", "p"), "begins_with(#n0, :v0)"),
        (.contains("a.b", .s("x")), "contains(#n0.#n1, :v0)"),
        (.exists("a[0].b[12][3]"), "attribute_exists(#n0[0].#n1[12][3])"),
        (.exists("a[x]"), "attribute_exists(#n0)"), (.exists("a[-1]"), "attribute_exists(#n0)"),
        (.hasType("a", "SS"), "attribute_type(#n0, :v0)"), (.size("a", .less, 3), "size(#n0) < :v0"),
        (.compare("a", .greaterOrEqual, "b.c"), "#n0 >= #n1.#n2"),
        (.oneOf("a", [.n(1), .n(2), .n(3)]), "#n0 IN (:v0, :v1, :v2)"),
        (.not(.exists("a")), "(NOT attribute_exists(#n0))"),
        (
            .and([.equals("a", .n(1)), .or([.exists("b"), .notExists("a")])]),
            "(#n0 = :v0 AND (attribute_exists(#n1) OR attribute_not_exists(#n0)))"
        ),
        (.and([.exists("a")]), "attribute_exists(#n0)"),
    ]

    @Test(arguments: conditions)
    func rendersConditions(_ condition: Condition, _ expected: String) throws {
        var expression = Expression()
        #expect(try expression.condition(condition) == expected)
    }

    @Test func updatesOfOneKindStandTogether() throws {
        var expression = Expression()
        let text = try expression.update([
            .remove("gone"), .set("a", .n(1)), .add("count", .n(1)), .setIfAbsent("b", .s("x")),
            .delete("tags", .ss(["t"])),
            .append("log", [.s("line")]), .remove("gone.too"),
        ])
        #expect(
            text
                == "SET #n1 = :v0, #n3 = if_not_exists(#n3, :v2), #n5 = list_append(if_not_exists(#n5, :v4), :v5) "
                + "REMOVE #n0, #n0.#n6 ADD #n2 :v1 DELETE #n4 :v3")
        var input = JSON.Object()
        expression.add(to: &input)
        #expect(
            JSON.object(input).text
                == ##"{"ExpressionAttributeNames":{"#n0":"gone","#n1":"a","#n2":"count","#n3":"b","#n4":"tags","##
                + ##""#n5":"log","#n6":"too"},"ExpressionAttributeValues":{":v0":{"N":"1"},":v1":{"N":"1"},"##
                + ##"":v2":{"S":"x"},":v3":{"SS":["t"]},":v4":{"L":[]},":v5":{"L":[{"S":"line"}]}}}"##)
    }

    @Test(arguments: [
        "status", "size", "name", "a.b", "a[0]", ".", "a = :v0 OR attribute_exists(b)", "#n0", ":v0", "a b",
        "\"", "ü", "a,b",
    ])
    func noNameOrValueReachesTheText(_ text: String) throws {
        var expression = Expression()
        #expect(try expression.condition(.equals(AttributePath(names: text), .s(text))) == "#n0 = :v0")
        #expect(try expression.update([.set(AttributePath(names: text), .s(text))]) == "SET #n0 = :v1")
        var input = JSON.Object()
        expression.add(to: &input)
        #expect(input["ExpressionAttributeNames"] == ["#n0": .string(text)])
        #expect(input["ExpressionAttributeValues"]?[":v0"] == ["S": .string(text)])
    }

    @Test func nothingIsAddedForNothing() {
        var input = JSON.Object()
        Expression().add(to: &input)
        #expect(input.isEmpty)
    }

    @Test(arguments: [
        Condition.exists(""), .exists("a..b"), .exists("a."), .and([]), .or([.exists("a"), .or([])]),
        .oneOf("a", []),
        .oneOf("a", [AttributeValue](repeating: .n(1), count: 101)), .equals("a", .n("x")),
        .not(.exists(".")), .exists("[0]"), .exists(AttributePath(names: "a", "")),
        .and([Condition](repeating: .exists("a"), count: 200)),
        (0..<40).reduce(Condition.exists("a")) { inner, _ in .not(inner) },
    ])
    func refuses(_ condition: Condition) {
        var expression = Expression()
        #expect(throws: AttributeValue.Invalid.self) { try expression.condition(condition) }
    }
}

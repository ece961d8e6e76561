import LambdaCodable
import LambdaRuntime

struct Order: Decodable {
    var items: [Item]

    struct Item: Decodable {
        var price: Double
        var count: Int
    }
}

struct Receipt: Encodable {
    var id: String
    var total: Double
}

/// {"items":[{"price":2.5,"count":2}]} gives {"id":"…","total":5}; what is no order is an error that says why.
LambdaRuntime.main { _ in
    CodableHandler { (order: Order, context) in
        let total = order.items.reduce(0) { $0 + $1.price * Double($1.count) }
        return Receipt(id: context.requestID, total: total)
    }
}

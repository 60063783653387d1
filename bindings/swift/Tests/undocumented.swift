// Prints each public symbol of a symbol graph that has no documentation comment, and then fails.
// swift-format looks at types and not into them.
import Foundation

struct Graph: Decodable {
  struct Symbol: Decodable {
    struct Identifier: Decodable { let precise: String }
    struct Comment: Decodable {}
    struct Location: Decodable {}
    let identifier: Identifier
    let pathComponents: [String]
    let docComment: Comment?
    // Absent for what the compiler wrote.
    let location: Location?
  }
  let symbols: [Symbol]
}

let graph = try JSONDecoder().decode(
  Graph.self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
let written = graph.symbols.filter {
  $0.location != nil && !$0.identifier.precise.contains("::SYNTHESIZED::")
}
let undocumented = written.filter { $0.docComment == nil }
for symbol in undocumented {
  print("\(symbol.pathComponents.joined(separator: ".")) has no documentation comment")
}
exit(undocumented.isEmpty && !written.isEmpty ? 0 : 1)

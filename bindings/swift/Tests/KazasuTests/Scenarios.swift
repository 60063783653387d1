import Foundation
import Kazasu
import KazasuTesting

/// bindings/scenarios.json, as bindings/README.md describes it. A field or a word that is not known
/// here is an error, so that nothing of a scenario is left out in silence.
struct Scenarios: Decodable {
  let scenarios: [Scenario]

  private enum CodingKeys: String, CodingKey { case about, scenarios }

  init(from decoder: any Decoder) throws {
    scenarios = try decoder.known(CodingKeys.self).decode([Scenario].self, forKey: .scenarios)
  }

  static func read() throws -> [Scenario] {
    let bindings = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..")
    let file = bindings.appendingPathComponent("scenarios.json").standardizedFileURL
    return try JSONDecoder().decode(Scenarios.self, from: Data(contentsOf: file)).scenarios
  }
}

struct Scenario: Decodable {
  let name: String
  let withName: Bool
  let mode: Mode
  let token: TestToken
  let tries: TestTries?
  let limits: ChannelLimits?
  let ownUniversity: Bool
  let attempts: [Attempt]
  let lostAtEachExchange: Bool
  let parallel: Int?
  let cancelTap: Bool
  let cancelPage: Bool
  let revoked: Bool
  let resumeAfterAccepted: Bool
  let answer: Answer?
  let pinsSent: Int?

  private enum CodingKeys: String, CodingKey {
    case name, mode, token, tries, limits, attempts, parallel, revoked, answer
    case withName = "with_name"
    case ownUniversity = "own_university"
    case lostAtEachExchange = "lost_at_each_exchange"
    case cancelTap = "cancel_tap"
    case cancelPage = "cancel_page"
    case resumeAfter = "resume_after"
    case pinsSent = "pins_sent"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.known(CodingKeys.self)
    name = try fields.decode(String.self, forKey: .name)
    withName = try fields.decodeIfPresent(Bool.self, forKey: .withName) ?? true
    mode =
      try fields.word(.mode, ["same-phone": .samePhone, "other-device": .otherDevice]) ?? .samePhone
    let tokens: [String: TestToken] = [
      "my_number_card": .myNumberCard, "juki_card": .jukiCard, "android_phone": .androidPhone,
      "iphone": .iphone,
    ]
    token = try fields.word(.token, tokens) ?? .myNumberCard
    tries = try fields.decodeIfPresent(TwoNumbers<TriesKeys>.self, forKey: .tries).map {
      TestTries(authentication: UInt8($0.first), profile: UInt8($0.second))
    }
    limits = try fields.decodeIfPresent(TwoNumbers<LimitsKeys>.self, forKey: .limits).map {
      ChannelLimits(command: UInt32($0.first), response: UInt32($0.second))
    }
    ownUniversity = try fields.flag(.ownUniversity)
    attempts = try fields.decodeIfPresent([Attempt].self, forKey: .attempts) ?? []
    lostAtEachExchange = try fields.flag(.lostAtEachExchange)
    parallel = try fields.decodeIfPresent(Int.self, forKey: .parallel)
    cancelTap = try fields.flag(.cancelTap)
    cancelPage = try fields.flag(.cancelPage)
    revoked = try fields.flag(.revoked)
    resumeAfterAccepted = try fields.word(.resumeAfter, ["accepted": true]) ?? false
    answer = try fields.decodeIfPresent(Answer.self, forKey: .answer)
    pinsSent = try fields.decodeIfPresent(Int.self, forKey: .pinsSent)
  }
}

/// One call of `tap`, on a channel of its own.
struct Attempt: Decodable {
  enum Cancel { case token, language }

  let authenticationPin: String
  let profilePin: String
  let keepPins: Bool
  let useLastAuthenticationTry: Bool
  let faults: [Fault]
  let cancel: Cancel?
  let channelThrowsAt: Int?
  let listenerThrows: Bool
  let offline: Bool
  let pass: Int
  let restart: Bool
  let expect: Expectation

  private enum CodingKeys: String, CodingKey {
    case faults, cancel, offline, pass, restart, expect
    case authenticationPin = "authentication_pin"
    case profilePin = "profile_pin"
    case keepPins = "keep_pins"
    case useLastAuthenticationTry = "use_last_authentication_try"
    case channelThrowsAt = "channel_throws_at"
    case listenerThrows = "listener_throws"
    // That the channel was closed is looked at after every attempt.
    case keepsChannelClosed = "keeps_channel_closed"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.known(CodingKeys.self)
    authenticationPin =
      try fields.decodeIfPresent(String.self, forKey: .authenticationPin) ?? "1234"
    profilePin = try fields.decodeIfPresent(String.self, forKey: .profilePin) ?? "2345"
    keepPins = try fields.flag(.keepPins)
    useLastAuthenticationTry = try fields.flag(.useLastAuthenticationTry)
    faults = try fields.decodeIfPresent([Fault].self, forKey: .faults) ?? []
    cancel = try fields.word(.cancel, ["token": .token, "language": .language])
    channelThrowsAt = try fields.decodeIfPresent(Int.self, forKey: .channelThrowsAt)
    listenerThrows = try fields.flag(.listenerThrows)
    offline = try fields.flag(.offline)
    pass = try fields.decodeIfPresent(Int.self, forKey: .pass) ?? 0
    restart = try fields.flag(.restart)
    expect = try fields.decode(Expectation.self, forKey: .expect)
  }
}

/// Something that goes wrong at an exchange, counted from one.
enum Fault: Decodable, Equatable {
  case slow(at: Int)
  case garbage(at: Int, length: Int)
  case cardLeaves(after: Int, carriedOut: Bool)
  case cardLeavesAtPin(carriedOut: Bool)

  private enum CodingKeys: String, CodingKey {
    case length
    case slowAt = "slow_at"
    case garbageAt = "garbage_at"
    case cardLeavesAfter = "card_leaves_after"
    case cardLeavesAtPin = "card_leaves_at_pin"
    case carriedOut = "carried_out"
  }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.known(CodingKeys.self)
    let kinds: Set<CodingKeys> = [.slowAt, .garbageAt, .cardLeavesAfter, .cardLeavesAtPin]
    let kind = kinds.filter(fields.contains)
    let carriedOut = try fields.flag(.carriedOut)
    switch kind {
    case [.slowAt]: self = .slow(at: try fields.decode(Int.self, forKey: .slowAt))
    case [.garbageAt]:
      self = .garbage(
        at: try fields.decode(Int.self, forKey: .garbageAt),
        length: try fields.decode(Int.self, forKey: .length))
    case [.cardLeavesAfter]:
      let after = try fields.decode(Int.self, forKey: .cardLeavesAfter)
      self = .cardLeaves(after: after, carriedOut: carriedOut)
    case [.cardLeavesAtPin]:
      guard try fields.flag(.cardLeavesAtPin) else { throw fields.unknown(.cardLeavesAtPin) }
      self = .cardLeavesAtPin(carriedOut: carriedOut)
    default:
      let context = DecodingError.Context(
        codingPath: decoder.codingPath, debugDescription: "one fault, not \(kind.count)")
      throw DecodingError.dataCorrupted(context)
    }
  }
}

/// How an attempt ends.
enum Expectation: Decodable, Equatable {
  struct Failure: Decodable, Equatable {
    var error: String
    var pin: String?
    var triesLeft: Int?
    var reason: String?

    enum CodingKeys: String, CodingKey {
      case error, pin, reason
      case triesLeft = "tries_left"
    }
  }

  case accepted
  case failure(Failure)
  case cancelledByLanguage

  init(from decoder: any Decoder) throws {
    guard let word = try? decoder.singleValueContainer().decode(String.self) else {
      _ = try decoder.known(Failure.CodingKeys.self)
      self = .failure(try Failure(from: decoder))
      return
    }
    switch word {
    case "accepted": self = .accepted
    case "cancelled_by_language": self = .cancelledByLanguage
    default: throw unknownWord(word, decoder.codingPath)
    }
  }
}

/// What the university learns in the end.
enum Answer: Decodable, Equatable {
  case identity(name: Bool)
  case refused(String)

  private enum CodingKeys: String, CodingKey { case name, refused }

  init(from decoder: any Decoder) throws {
    let fields = try decoder.known(CodingKeys.self)
    if let error = try fields.decodeIfPresent(String.self, forKey: .refused) {
      self = .refused(error)
    } else {
      self = .identity(name: try fields.decode(Bool.self, forKey: .name))
    }
  }
}

private enum TriesKeys: String, CodingKey, CaseIterable { case authentication, profile }
private enum LimitsKeys: String, CodingKey, CaseIterable { case command, response }

private struct TwoNumbers<Keys: CodingKey & CaseIterable>: Decodable {
  let first: Int
  let second: Int

  init(from decoder: any Decoder) throws {
    let fields = try decoder.known(Keys.self)
    let numbers = try Keys.allCases.map { try fields.decode(Int.self, forKey: $0) }
    (first, second) = (numbers[0], numbers[1])
  }
}

private struct AnyKey: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

private func unknownWord(_ word: String, _ path: [any CodingKey]) -> DecodingError {
  .dataCorrupted(.init(codingPath: path, debugDescription: "“\(word)” is not known here"))
}

extension Decoder {
  /// The fields, if all of them are known.
  fileprivate func known<Keys: CodingKey>(_ keys: Keys.Type) throws -> KeyedDecodingContainer<Keys>
  {
    for key in try container(keyedBy: AnyKey.self).allKeys
    where Keys(stringValue: key.stringValue) == nil {
      throw unknownWord(key.stringValue, codingPath)
    }
    return try container(keyedBy: keys)
  }
}

extension KeyedDecodingContainer {
  fileprivate func flag(_ key: Key) throws -> Bool {
    try decodeIfPresent(Bool.self, forKey: key) ?? false
  }

  fileprivate func word<Value>(_ key: Key, _ words: [String: Value]) throws -> Value? {
    guard let word = try decodeIfPresent(String.self, forKey: key) else { return nil }
    guard let value = words[word] else { throw unknownWord(word, codingPath + [key]) }
    return value
  }

  fileprivate func unknown(_ key: Key) -> DecodingError { unknownWord(key.stringValue, codingPath) }
}

import Foundation
import Kazasu
import KazasuTesting

/// Says how long an exchange takes through the native library and back, and how long a tap takes.
@main
struct Bench {
  static func main() async throws {
    let university = try await TestUniversity.start()
    let card = try await university.issueCard()
    let apdu = try await microsecondsForAnExchange(card)
    let tap = try await millisecondsForATap(university, card)
    print(String(format: #"{"apdu_us": %.2f, "tap_ms": %.2f}"#, apdu, tap))
  }

  /// From inspections of a card that answers at once, by what it answered before.
  static func microsecondsForAnExchange(_ card: TestCard) async throws -> Double {
    let recording = Recording(card.connect())
    _ = try await inspectCard(recording)
    let answers = recording.answers
    let rounds = 2000
    var times: [Double] = []
    for _ in 0..<5 {
      let start = DispatchTime.now()
      for _ in 0..<rounds { _ = try await inspectCard(Replay(answers)) }
      times.append(microseconds(since: start) / Double(rounds * answers.count))
    }
    return median(times)
  }

  static func millisecondsForATap(
    _ university: TestUniversity, _ card: TestCard
  ) async throws -> Double {
    let companion = try university.companion()
    var times: [Double] = []
    for _ in 0..<40 {
      let tap = try await companion.open(try await university.openPage().link)
      let pins = Pins(authentication: Pin(), profile: Pin())
      for digit in 1...4 {
        try pins.authentication.push(digit)
        try pins.profile?.push(digit + 1)
      }
      let channel = card.connect()
      let start = DispatchTime.now()
      _ = try await tap.tap(channel, pins: pins)
      times.append(microseconds(since: start) / 1000)
    }
    return median(times)
  }

  static func microseconds(since start: DispatchTime) -> Double {
    Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1000
  }

  static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}

/// Keeps what a card answers, in order.
final class Recording: CardChannel, @unchecked Sendable {
  private let inner: EmulatedChannel
  // A tap sends one command at a time.
  private(set) var answers: [Data] = []

  init(_ inner: EmulatedChannel) { self.inner = inner }

  var limits: ChannelLimits { inner.limits }

  func transceive(_ command: Data) async throws -> Data {
    let answer = try await inner.transceive(command)
    answers.append(answer)
    return answer
  }

  func close() { inner.close() }
}

/// Answers in the same order again.
final class Replay: CardChannel, @unchecked Sendable {
  private let answers: [Data]
  private var next = 0
  let limits = ChannelLimits(command: 65_544, response: 65_538)

  init(_ answers: [Data]) { self.answers = answers }

  func transceive(_ command: Data) async throws -> Data {
    defer { next += 1 }
    return answers[next]
  }

  func close() {}
}

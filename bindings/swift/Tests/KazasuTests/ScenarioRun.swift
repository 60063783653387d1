import Foundation
import Kazasu
import KazasuTesting
import XCTest

/// Plays a scenario with a card of its own, and holds what happens against what is expected.
struct ScenarioRun {
  let scenario: Scenario
  let university: TestUniversity
  let card: TestCard

  init(_ scenario: Scenario) async throws {
    self.scenario = scenario
    university =
      scenario.ownUniversity ? try await .start() : try await KazasuTests.university()
    card = try await university.issueCard(TestHolder(token: scenario.token))
    if let tries = scenario.tries { card.setTriesLeft(tries) }
    if scenario.revoked { try card.revoke() }
  }

  func play() async throws {
    let page = try await openPage()
    var tap = try await university.companion().open(page.link)
    try await pair(tap, page)
    if scenario.cancelTap { try await tap.cancel() }
    if scenario.cancelPage { try await page.cancel() }
    var accepted: Accepted?
    if scenario.lostAtEachExchange {
      accepted = try await loseTheCardAtEachExchange(tap)
    }
    var pins: Pins?
    for attempt in scenario.attempts {
      if attempt.restart { tap = try await restart(tap) }
      let saved = tap.save()
      let (outcome, typed) = try await make(attempt, tap, pins)
      pins = typed
      accepted = outcome
      if scenario.resumeAfterAccepted, outcome != nil {
        let resumed = try await university.companion().resume(saved)
        guard case .accepted(let again) = resumed else {
          return XCTFail("it resumed as \(resumed)")
        }
        XCTAssertNotNil(again.returnURL)
        accepted = again
      }
    }
    if let answer = scenario.answer {
      let learned = try await page.finish(accepted?.returnURL)
      check(learned, is: answer)
    }
    if let sent = scenario.pinsSent {
      XCTAssertEqual(card.exchanges.filter(\.carriesPin).count, sent, "PINs that the card saw")
    }
  }

  private func openPage() async throws -> TestPage {
    try await university.openPage(mode: scenario.mode, withName: scenario.withName)
  }

  private func pair(_ tap: Tap, _ page: TestPage) async throws {
    XCTAssertEqual(tap.details.needsPairing, scenario.mode == .otherDevice)
    guard tap.details.needsPairing else { return }
    let pairing = try await tap.startPairing()
    async let paired: Void = tap.waitUntilPaired()
    try await page.typeDigits(pairing.digits)
    try await paired
  }

  private func restart(_ tap: Tap) async throws -> Tap {
    let resumed = try await university.companion().resume(tap.save())
    guard case .open(let tap) = resumed else { throw Unexpected(what: "it resumed as \(resumed)") }
    return tap
  }

  /// One call of `tap`; what it gave and the PINs it used.
  private func make(
    _ attempt: Attempt, _ tap: Tap, _ before: Pins?
  ) async throws -> (Accepted?, Pins) {
    var pins = Pins(authentication: try typed(attempt.authenticationPin))
    if scenario.withName { pins.profile = try typed(attempt.profilePin) }
    if attempt.keepPins, let before { pins = before }
    pins.useLastAuthenticationTry = attempt.useLastAuthenticationTry
    if attempt.pass > 0 { university.pass(seconds: attempt.pass) }
    let faults = try await faults(attempt)
    card.present()
    card.setFaults(faults)
    let channel = WatchedChannel(
      card.connect(limits: scenario.limits), throwsAt: attempt.channelThrowsAt)
    if attempt.offline { university.setOnline(false) }
    let ended = await Ended { try await run(attempt, tap, channel, pins) }
    if attempt.offline { university.setOnline(true) }
    card.setFaults([])
    XCTAssertEqual(ended.expectation, attempt.expect)
    XCTAssertEqual(channel.timesClosed, 1, "times that the channel was closed")
    return (ended.accepted, pins)
  }

  private func run(
    _ attempt: Attempt, _ tap: Tap, _ channel: WatchedChannel, _ pins: Pins
  ) async throws -> Accepted {
    let token = CancelToken()
    let listenerThrows = attempt.listenerThrows
    let call = Task {
      try await tap.tap(channel, pins: pins, cancel: token) { _ in
        if listenerThrows { throw StrayError() }
      }
    }
    if let cancel = attempt.cancel {
      let slow = attempt.faults.compactMap { if case .slow(let at) = $0 { at } else { nil } }
      guard let at = slow.first, await channel.begins(at) else {
        throw Unexpected(what: "no slow exchange to cancel in")
      }
      switch cancel {
      case .token: token.cancel()
      case .language: call.cancel()
      }
    }
    return try await call.value
  }

  private func faults(_ attempt: Attempt) async throws -> [TestFault] {
    var faults: [TestFault] = []
    for fault in attempt.faults {
      switch fault {
      // Long enough that a test would rather end than wait for it.
      case .slow(let at): faults.append(.slow(at: UInt32(at), milliseconds: 20_000))
      case .garbage(let at, let length):
        faults.append(.garbage(at: UInt32(at), length: UInt32(length)))
      case .cardLeaves(let after, let carriedOut):
        faults.append(.cardLeaves(after: UInt32(after), carriedOut: carriedOut))
      case .cardLeavesAtPin(let carriedOut):
        let before = try await exchangesBeforeThePIN()
        faults.append(.cardLeaves(after: UInt32(before), carriedOut: carriedOut))
      }
    }
    return faults
  }

  /// How many exchanges come before the one that carries a PIN, from another tap of the same kind.
  private func exchangesBeforeThePIN() async throws -> Int {
    let tap = try await university.companion().open(try await openPage().link)
    card.clearExchanges()
    _ = try await tap.tap(card.connect(limits: scenario.limits), pins: typedPins())
    defer { card.clearExchanges() }
    guard let before = card.exchanges.firstIndex(where: \.carriesPin) else {
      throw Unexpected(what: "no PIN was sent")
    }
    return before
  }

  private func loseTheCardAtEachExchange(_ tap: Tap) async throws -> Accepted? {
    let pins = try typedPins()
    for exchange in 0..<100 {
      card.present()
      card.setFaults([.cardLeaves(after: UInt32(exchange), carriedOut: false)])
      let channel = WatchedChannel(card.connect(limits: scenario.limits))
      let ended = await Ended { try await tap.tap(channel, pins: pins) }
      XCTAssertEqual(channel.timesClosed, 1, "times that the channel was closed")
      if let accepted = ended.accepted {
        XCTAssertGreaterThan(exchange, 5, "the card was hardly lost")
        return accepted
      }
      XCTAssertEqual(ended.expectation, .failure(.init(error: "card_lost")))
    }
    throw Unexpected(what: "a tap has not so many exchanges")
  }

  private func check(_ learned: TestAnswer, is answer: Answer) {
    switch (learned, answer) {
    case (.identity(let ppid, let name, let purpose), .identity(let hasName)):
      XCTAssertFalse(ppid.isEmpty)
      XCTAssertEqual(name, hasName ? TestHolder().name : nil)
      XCTAssertEqual(purpose, "link")
    case (.refused(let error), .refused(let expected)):
      XCTAssertEqual(error, expected)
    default:
      XCTFail("the university learned \(learned)")
    }
  }
}

struct Unexpected: Error {
  let what: String
}

/// How a call ended, in the words of the scenarios.
struct Ended {
  let accepted: Accepted?
  let expectation: Expectation?

  init(_ call: () async throws -> Accepted) async {
    do {
      accepted = try await call()
      expectation = .accepted
    } catch is CancellationError {
      (accepted, expectation) = (nil, .cancelledByLanguage)
    } catch let error as TapError {
      (accepted, expectation) = (nil, .failure(Expectation.Failure(error)))
    } catch {
      XCTFail("an error of no kind that an app expects: \(error)")
      (accepted, expectation) = (nil, nil)
    }
  }
}

extension Expectation.Failure {
  init(_ failure: TapError) {
    let name = "\(failure)".prefix { $0 != "(" }
    self.init(error: snakeCase(name))
    switch failure {
    case .wrongPin(let pin, let tries): (self.pin, triesLeft) = (snakeCase("\(pin)"), tries)
    case .pinMissing(let pin), .pinBlocked(let pin), .lastTry(let pin):
      self.pin = snakeCase("\(pin)")
    case .rejected(let why): reason = snakeCase("\(why)")
    default: break
    }
  }
}

private func snakeCase(_ name: some StringProtocol) -> String {
  name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
}

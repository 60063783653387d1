import Foundation
import Kazasu
import KazasuFFI
import KazasuTesting
import XCTest

final class CancellationTests: XCTestCase {
  /// A tap that waits at its third exchange, for longer than any test should.
  private func slowTap() async throws -> (Kazasu.Tap, WatchedChannel) {
    let card = try await university().issueCard()
    card.setFaults([.slow(at: 3, milliseconds: 20_000)])
    return (try await open(try await university().openPage()), WatchedChannel(card.connect()))
  }

  func testCancellingATaskReachesTheChannelAndClosesIt() async throws {
    let (tap, channel) = (try await university().openPage(), PatientChannel())
    let opened = try await open(tap)
    let call = Task { try await opened.tap(channel, pins: try typedPins()) }
    await channel.begun()
    call.cancel()
    await assertCancelled { try await call.value }
    await channel.ended()
    XCTAssertTrue(channel.isClosed)
  }

  func testCancellingATaskLeavesNoCallBehind() async throws {
    let (tap, channel) = (try await open(try await university().openPage()), PatientChannel())
    let call = Task { try await tap.tap(channel, pins: try typedPins()) }
    await channel.begun()
    call.cancel()
    await assertCancelled { try await call.value }
    // The same tap is free for the next call at once.
    let card = try await university().issueCard()
    _ = try await tap.tap(card.connect(), pins: try typedPins())
    await channel.ended()
    XCTAssertEqual(uniffiForeignFutureHandleCountKazasuFfi(), 0, "exchanges that nobody waits for")
  }

  func testATaskThatWasCancelledBeforeSendsNothing() async throws {
    let card = try await university().issueCard()
    let tap = try await open(try await university().openPage())
    let channel = WatchedChannel(card.connect())
    let call = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await tap.tap(channel, pins: try typedPins())
    }
    await assertCancelled { try await call.value }
    XCTAssertTrue(card.exchanges.isEmpty)
    XCTAssertEqual(channel.timesClosed, 1)
  }

  func testATokenEndsEveryCallThatHasItAndEachThatWill() async throws {
    let token = Kazasu.CancelToken()
    let (tap, channel) = try await slowTap()
    let (other, otherChannel) = try await slowTap()
    let call = Task { try await tap.tap(channel, pins: try typedPins(), cancel: token) }
    let otherCall = Task { try await other.tap(otherChannel, pins: try typedPins(), cancel: token) }
    let waiting = (await channel.begins(3), await otherChannel.begins(3))
    XCTAssertTrue(waiting.0 && waiting.1)
    XCTAssertFalse(token.isCancelled)
    token.cancel()
    XCTAssertTrue(token.isCancelled)
    await assertThrows(Kazasu.TapError.cancelled) { try await call.value }
    await assertThrows(Kazasu.TapError.cancelled) { try await otherCall.value }
    let link = try await university().openPage().link
    let companion = try await university().companion()
    await assertThrows(Kazasu.TapError.cancelled) { try await companion.open(link, cancel: token) }
  }

  func testTheEndOfOneTaskDoesNotEndTheOthersWithItsToken() async throws {
    let token = Kazasu.CancelToken()
    let (tap, channel) = try await slowTap()
    let call = Task { try await tap.tap(channel, pins: try typedPins(), cancel: token) }
    let waits = await channel.begins(3)
    XCTAssertTrue(waits)
    call.cancel()
    await assertCancelled { try await call.value }
    XCTAssertFalse(token.isCancelled)
    let card = try await university().issueCard()
    _ = try await tap.tap(card.connect(), pins: try typedPins(), cancel: token)
  }

  func testWaitingForDigitsCanBeCancelledAndDoneAgain() async throws {
    let page = try await university().openPage(mode: .otherDevice)
    let tap = try await open(page)
    let pairing = try await tap.startPairing()
    XCTAssertEqual(pairing.digits.count, 6)
    let waiting = Task { try await tap.waitUntilPaired() }
    waiting.cancel()
    try await page.typeDigits(pairing.digits)
    await assertCancelled { try await waiting.value }
    try await tap.waitUntilPaired()
  }

  func testCancellingTheTapEndsTheCallThatIsUnderWayAndTellsThePage() async throws {
    let (tap, channel) = try await slowTap()
    let call = Task { try await tap.tap(channel, pins: try typedPins()) }
    let waits = await channel.begins(3)
    XCTAssertTrue(waits)
    try await tap.cancel()
    await assertThrows(Kazasu.TapError.cancelled) { try await call.value }
    XCTAssertEqual(channel.timesClosed, 1)
    await assertThrows(Kazasu.TapError.over) { try await tap.cancel() }
  }

  func testLeavingTheLoopEndsTheTap() async throws {
    let (tap, channel) = (try await open(try await university().openPage()), PatientChannel())
    for try await _ in tap.progress(channel, pins: try typedPins()) {
      await channel.begun()
      break
    }
    await channel.ended()
    // Nobody waits for the rest: the exchange ends a moment before the channel is closed.
    let deadline = Date(timeIntervalSinceNow: 10)
    while !channel.isClosed, Date() < deadline { await Task.yield() }
    XCTAssertTrue(channel.isClosed)
  }

  func testCancellingTheTaskOfALoopThrowsThere() async throws {
    let (tap, channel) = (try await open(try await university().openPage()), PatientChannel())
    let loop = Task {
      for try await _ in tap.progress(channel, pins: try typedPins()) {}
    }
    await channel.begun()
    loop.cancel()
    await assertCancelled { try await loop.value }
    XCTAssertTrue(channel.isClosed)
  }

  func testATapThatIsLetGoIsFreedWithItsChannel() async throws {
    weak var freed: WatchedChannel?
    weak var freedTap: Kazasu.Tap?
    do {
      let card = try await university().issueCard()
      let tap = try await open(try await university().openPage())
      let channel = WatchedChannel(card.connect())
      _ = try await tap.tap(channel, pins: try typedPins())
      (freed, freedTap) = (channel, tap)
      XCTAssertNotNil(freed)
    }
    XCTAssertNil(freedTap)
    // The native side lets go of the channel when its own threads are done with it.
    let deadline = Date(timeIntervalSinceNow: 10)
    while freed != nil, Date() < deadline { await Task.yield() }
    XCTAssertNil(freed)
  }

  private func assertCancelled<Result>(_ call: () async throws -> Result) async {
    do {
      _ = try await call()
      XCTFail("it succeeded")
    } catch {
      XCTAssertTrue(error is CancellationError, "\(error)")
    }
  }
}

/// A card that answers with nothing, and long after any test. Its exchange ends when its task is
/// cancelled.
private final class PatientChannel: Kazasu.CardChannel, @unchecked Sendable {
  private let beginning = AsyncStream.makeStream(of: Void.self)
  private let ending = AsyncStream.makeStream(of: Void.self)
  private let lock = NSLock()
  private var closed = false

  let limits = ChannelLimits(command: 261, response: 258)

  func transceive(_ command: Data) async throws -> Data {
    beginning.continuation.finish()
    defer { ending.continuation.finish() }
    try await Task.sleep(for: .seconds(20))
    return Data()
  }

  func close() { lock.withLock { closed = true } }

  var isClosed: Bool { lock.withLock { closed } }

  /// Waits for the first exchange.
  func begun() async { for await _ in beginning.stream {} }

  /// Waits until the exchange was cancelled.
  func ended() async { for await _ in ending.stream {} }
}

import Foundation
import Kazasu
import KazasuTesting
import XCTest

final class TapTests: XCTestCase {
  func testTheDetailsSayWhoAsksForWhat() async throws {
    let tap = try await open(try await university().openPage(purpose: .recover, withName: false))
    XCTAssertEqual(tap.details.purpose, .recover)
    XCTAssertEqual(tap.details.mode, .samePhone)
    XCTAssertFalse(tap.details.providesName)
    XCTAssertFalse(tap.details.needsPairing)
    XCTAssertEqual(tap.details.host, "portal.example")
    XCTAssertEqual(tap.details.expiresAt.timeIntervalSince(tap.details.startedAt), 600)
    XCTAssertEqual(tap.consent(in: .english).action, "Recover your account")
    XCTAssertEqual(tap.consent(in: .japanese).action, "アカウントを取り戻す")
    XCTAssertEqual(tap.consent(in: .english).service, tap.details.serviceEn)
  }

  func testALinkThatIsNoTicketIsRefusedBeforeAnythingIsSent() async throws {
    let companion = try await university().companion()
    await assertThrows(TapError.notATicket) { try await companion.open("https://example.com/") }
    let ticket = try await university().openPage().link
    let nowhere = try Companion(
      ticketOrigin: "https://tap.example", verifierOrigin: "https://verifier.example")
    await assertThrows(TapError.unknownService) { try await nowhere.open(ticket) }
  }

  #if os(Linux)
    func testAConnectionThatEndsDoesNotEndTheProcess() throws {
      _ = try Companion(
        ticketOrigin: "https://tap.example", verifierOrigin: "https://verifier.example")
      XCTAssertEqual(raise(SIGPIPE), 0, "what a write to such a connection does")
    }
  #endif

  func testBytesThatNobodySavedAreRefused() async throws {
    let companion = try await university().companion()
    await assertThrows(TapError.notSaved) { try await companion.resume(Data([1, 2, 3])) }
  }

  func testTheStepsComeInOrderAndTheResultLast() async throws {
    let (page, card) = (try await university().openPage(), try await university().issueCard())
    let tap = try await open(page)
    var steps: [TapStep] = []
    var accepted: [Accepted] = []
    for try await progress in tap.progress(card.connect(), pins: try typedPins()) {
      switch progress {
      case .step(let step):
        XCTAssertTrue(accepted.isEmpty)
        steps.append(step)
      case .accepted(let result): accepted.append(result)
      }
    }
    XCTAssertEqual(steps, [.readingName, .readingCertificate, .signing, .checking])
    let returnURL = try XCTUnwrap(accepted.first?.returnURL)
    XCTAssertEqual(accepted.count, 1)
    guard case .identity = try await page.finish(returnURL) else { return XCTFail("refused") }
  }

  func testAViewOnTheMainActorCanFollowATap() async throws {
    let (page, card) = (try await university().openPage(), try await university().issueCard())
    let tap = try await open(page)
    let view = Task { @MainActor in
      var shown = 0
      for try await _ in tap.progress(card.connect(), pins: try typedPins()) {
        MainActor.assertIsolated()
        shown += 1
      }
      return shown
    }
    let shown = try await view.value
    XCTAssertEqual(shown, 5)
  }

  func testTheStepsEndWithTheError() async throws {
    let (page, card) = (try await university().openPage(), try await university().issueCard())
    let tap = try await open(page)
    let pins = Pins(authentication: try typed("9999"), profile: try typed("2345"))
    var steps: [TapStep] = []
    await assertThrows(TapError.wrongPin(.authentication, triesLeft: 2)) {
      for try await case .step(let step) in tap.progress(card.connect(), pins: pins) {
        steps.append(step)
      }
    }
    XCTAssertEqual(steps, [.readingName, .readingCertificate, .signing])
    XCTAssertEqual(pins.authentication.count, 0, "a wrong PIN is emptied")
    XCTAssertEqual(pins.profile?.count, 4, "the other one is not")
  }

  func testATapThatIsOverIsOver() async throws {
    let (page, card) = (try await university().openPage(), try await university().issueCard())
    let tap = try await open(page)
    _ = try await tap.tap(card.connect(), pins: try typedPins())
    await assertThrows(TapError.over) {
      try await tap.tap(card.connect(), pins: try typedPins())
    }
    await assertThrows(TapError.over) { try await tap.cancel() }
  }

  func testACardIsInspectedWithoutAPIN() async throws {
    let card = try await university().issueCard()
    card.setTriesLeft(TestTries(authentication: 2, profile: 0))
    let channel = WatchedChannel(card.connect())
    let info = try await inspectCard(channel)
    XCTAssertEqual(info.kind, .myNumberCard)
    XCTAssertEqual(info.authenticationPin, .triesLeft(tries: 2))
    XCTAssertEqual(info.profilePin, .blocked)
    XCTAssertEqual(channel.timesClosed, 1)
    XCTAssertFalse(card.exchanges.contains(where: \.carriesPin))
    card.remove()
    await assertThrows(TapError.cardLost) { try await inspectCard(card.connect()) }
  }

  func testEachErrorOfAChannelArrivesAsWhatItIs() async throws {
    let card = try await university().issueCard()
    for (error, expected) in [
      (ChannelError.cardLost, TapError.cardLost), (.readerGone, .readerGone),
      (.failed(detail: "no power"), .cardFailed(detail: "the channel failed: no power")),
    ] {
      await assertThrows(expected) {
        try await inspectCard(BrokenChannel(inner: card.connect(), error: error))
      }
    }
    do {
      _ = try await inspectCard(BrokenChannel(inner: card.connect(), error: StrayError()))
      XCTFail("it succeeded")
    } catch TapError.cardFailed(let detail) {
      XCTAssertTrue(detail.contains("StrayError"), detail)
    }
    do {
      let error = TalkativeError(command: "00200080 04 39393939")
      _ = try await inspectCard(BrokenChannel(inner: card.connect(), error: error))
      XCTFail("it succeeded")
    } catch TapError.cardFailed(let detail) {
      XCTAssertTrue(detail.contains("TalkativeError") && !detail.contains("3939"), detail)
    }
  }
}

/// An error that tells what nobody is to know.
private struct TalkativeError: Error {
  let command: String
}

/// A channel that answers every command with an error.
private struct BrokenChannel: CardChannel {
  let inner: any CardChannel
  let error: any Error & Sendable

  var limits: ChannelLimits { inner.limits }
  func transceive(_ command: Data) async throws -> Data { throw error }
  func close() { inner.close() }
}

func open(_ page: TestPage) async throws -> Tap {
  try await university().companion().open(page.link)
}

/// That `call` throws exactly this.
func assertThrows<Failure: Error & Equatable, Result>(
  _ expected: Failure,
  file: StaticString = #filePath,
  line: UInt = #line,
  _ call: () async throws -> Result
) async {
  do {
    _ = try await call()
    XCTFail("it succeeded", file: file, line: line)
  } catch {
    XCTAssertEqual(error as? Failure, expected, "\(error)", file: file, line: line)
  }
}

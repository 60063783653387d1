import Foundation
import Kazasu
import KazasuTesting
import XCTest

/// What one screen of an app knows of a tap.
@MainActor
final class TapScreen {
  private(set) var message = ""
  private(set) var consent: Consent?
  private(set) var returnURL: URL?
  private var tap: Tap?

  /// What was scanned, or the address that an app link brought.
  func open(_ link: String, with companion: Companion) async {
    do {
      let tap = try await companion.open(link)
      consent = tap.consent(in: .preferred)
      self.tap = tap
    } catch {
      show(error)
    }
  }

  /// The person agreed, typed the PINs, and holds the card to the phone.
  func read(_ channel: any CardChannel, pins: Pins) async {
    guard let tap else { return }
    do {
      for try await progress in tap.progress(channel, pins: pins) {
        switch progress {
        case .step(let step): message = step.message(in: .preferred)
        case .accepted(let accepted): returnURL = accepted.returnURL
        }
      }
    } catch {
      show(error)
    }
  }

  /// The person does not want to any more.
  func cancel() async {
    try? await tap?.cancel()
  }

  private func show(_ error: any Error) {
    // Somebody left the screen and ended its task: nobody reads it.
    guard let error = error as? TapError else { return }
    let words = error.message(in: .preferred)
    message = "\(words.sentence) \(words.nextStep)"
  }
}

/// Shows the digits, and waits until they were typed into the page.
func pair(_ tap: Tap, show: (PairingDigits) -> Void) async throws {
  guard tap.details.needsPairing else { return }
  show(try await tap.startPairing())
  try await tap.waitUntilPaired()
}

/// Where a tap is that was saved with `tap.save()` before the app was ended.
func resume(_ saved: Data, with companion: Companion) async throws -> Tap? {
  switch try await companion.resume(saved) {
  case .open(let tap): return tap
  case .accepted(let accepted):
    if let url = accepted.returnURL { print("go on at \(url)") }
    return nil
  }
}

/// A tap as an app's own test plays it: no card, no phone, no network.
@MainActor
func tapOnTheScreen(typing digits: [Int]) async throws -> (TapScreen, TestPage) {
  let university = try await TestUniversity.start()
  let card = try await university.issueCard()
  let page = try await university.openPage(withName: false)

  let screen = TapScreen()
  await screen.open(page.link, with: try university.companion())
  let pin = Pin()
  for digit in digits { try pin.push(digit) }
  await screen.read(card.connect(), pins: Pins(authentication: pin))
  return (screen, page)
}

final class TapScreenTests: XCTestCase {
  func testTheUniversityLearnsWhoTapped() async throws {
    let (screen, page) = try await tapOnTheScreen(typing: [1, 2, 3, 4])
    let answer = try await page.finish(await screen.returnURL)
    guard case .identity(let ppid, nil, "link") = answer else { return XCTFail("\(answer)") }
    XCTAssertFalse(ppid.isEmpty)
  }

  func testAWrongPINIsExplained() async throws {
    let (screen, _) = try await tapOnTheScreen(typing: [9, 9, 9, 9])
    let message = await screen.message
    XCTAssertTrue(message.contains("2"), message)
  }
}

/// The page docs/bindings/swift.md shows what stands above, and what is type-checked beside it.
final class GettingStartedTests: XCTestCase {
  func testThePageShowsCodeThatIsRun() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let page = try read(here.appendingPathComponent("../../../../docs/bindings/swift.md"))
    let run = try read(URL(fileURLWithPath: #filePath))
    let checked = try read(here.appendingPathComponent("../CoreNFC/CardReader.swift"))
    let blocks = page.components(separatedBy: "```swift\n").dropFirst()
      .map { $0.components(separatedBy: "```")[0] }
    XCTAssertGreaterThanOrEqual(blocks.count, 5)
    for block in blocks {
      XCTAssertTrue(run.contains(block) || checked.contains(block), "nobody runs:\n\(block)")
    }
  }

  func testPairingShowsTheDigitsAndWaitsForThem() async throws {
    let page = try await university().openPage(mode: .otherDevice)
    let (tap, origin) = (try await open(page), try await university().verifierOrigin)
    let shown = AsyncStream.makeStream(of: String.self)
    async let typed: Void = {
      for await digits in shown.stream { try await page.typeDigits(digits) }
    }()
    try await pair(tap) {
      XCTAssertEqual($0.onlyAt, origin)
      shown.continuation.yield($0.digits)
      shown.continuation.finish()
    }
    try await typed
  }

  func testASavedTapGoesOn() async throws {
    let (page, card) = (try await university().openPage(), try await university().issueCard())
    let saved = try await open(page).save()
    let companion = try await university().companion()
    let resumed = try await resume(saved, with: companion)
    let tap = try XCTUnwrap(resumed)
    _ = try await tap.tap(card.connect(), pins: try typedPins())
    let over = try await resume(saved, with: companion)
    XCTAssertNil(over)
  }

  private func read(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }
}

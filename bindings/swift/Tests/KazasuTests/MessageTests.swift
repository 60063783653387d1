import Foundation
import Kazasu
import XCTest

final class MessageTests: XCTestCase {
  /// One of each, so that the compiler asks for a new one here: `count` is a `switch` without default.
  private let errors: [TapError] = [
    .notATicket, .unknownService, .pinMissing(.authentication), .wrongPin(.profile, triesLeft: 2),
    .pinBlocked(.authentication), .lastTry(.profile), .cardLost, .readerGone, .notMyNumberCard,
    .phoneToken, .cardFailed(detail: "detail"), .offline, .expired, .rejected(.certificateRevoked),
    .cancelled, .over, .notSaved, .internal(detail: "detail"),
  ]

  private func number(_ error: TapError) -> Int {
    switch error {
    case .notATicket: 0
    case .unknownService: 1
    case .pinMissing: 2
    case .wrongPin: 3
    case .pinBlocked: 4
    case .lastTry: 5
    case .cardLost: 6
    case .readerGone: 7
    case .notMyNumberCard: 8
    case .phoneToken: 9
    case .cardFailed: 10
    case .offline: 11
    case .expired: 12
    case .rejected: 13
    case .cancelled: 14
    case .over: 15
    case .notSaved: 16
    case .internal: 17
    }
  }

  func testEveryErrorHasWordsOfItsOwnInBothLanguages() {
    XCTAssertEqual(errors.map(number), Array(0...17))
    for language in [Language.japanese, .english] {
      let sentences = errors.map { $0.message(in: language).sentence }
      XCTAssertEqual(Set(sentences).count, errors.count, "\(sentences)")
      for sentence in sentences {
        XCTAssertEqual(isJapanese(sentence), language == .japanese, sentence)
        XCTAssertFalse(sentence.contains("detail"), "what is for the developer: \(sentence)")
      }
    }
  }

  func testWhatTheErrorKnowsIsInItsWords() {
    let wrong = TapError.wrongPin(.authentication, triesLeft: 2).message(in: .english)
    XCTAssertEqual(wrong.sentence, "The PIN for signing in was wrong. 2 tries left.")
    XCTAssertEqual(wrong.nextStep, "Check the number, then type it again.")
    let blocked = TapError.pinBlocked(.profile).message(in: .japanese)
    XCTAssertEqual(blocked.sentence, "券面事項入力補助用の暗証番号はロックされています。")
  }

  func testASystemDialogSaysTheSameWordsAndNoCodes() {
    let message = TapError.cardLost.message(in: .preferred)
    XCTAssertEqual(TapError.cardLost.localizedDescription, message.sentence)
    XCTAssertEqual(TapError.cardLost.recoverySuggestion, message.nextStep)
    XCTAssertNil(TapError.cancelled.recoverySuggestion)
  }

  func testEveryStepHasWordsInBothLanguages() {
    let steps: [TapStep] = [.readingName, .readingCertificate, .signing, .checking]
    for language in [Language.japanese, .english] {
      let sentences = steps.map { $0.message(in: language) }
      XCTAssertEqual(Set(sentences).count, steps.count)
      for sentence in sentences { XCTAssertEqual(isJapanese(sentence), language == .japanese) }
    }
  }

  func testAnAppThatWasBuiltWithWrongAddressesIsToldWhich() {
    XCTAssertThrowsError(
      try Companion(ticketOrigin: "https://tap.example/", verifierOrigin: "nonsense")
    ) { XCTAssertEqual($0 as? SetupError, .notAnOrigin(address: "nonsense")) }
    XCTAssertThrowsError(
      try Companion(ticketOrigin: "http://tap.example", verifierOrigin: "https://verifier.example")
    ) { XCTAssertEqual($0 as? SetupError, .insecure(address: "http://tap.example")) }
  }

  private func isJapanese(_ text: String) -> Bool {
    text.unicodeScalars.contains { (0x3040...0x30FF).contains($0.value) }
  }
}

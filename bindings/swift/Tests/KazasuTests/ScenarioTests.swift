import Foundation
import XCTest

/// Each scenario of bindings/scenarios.json under its own name: what is left of a method's name
/// without `test` is the scenario's without spaces.
final class ScenarioTests: XCTestCase {
  func testATapWithTheName() async throws { try await play() }
  func testATapWithoutTheName() async throws { try await play() }
  func testATapForAPageOnAnotherDevice() async throws { try await play() }
  func testAReaderThatCarriesShortCommandsOnly() async throws { try await play() }
  func testAWrongPINForSigningInThenTheRightOne() async throws { try await play() }
  func testAWrongPINForTheName() async throws { try await play() }
  func testAPINThatIsNotTypedToTheEnd() async throws { try await play() }
  func testABlockedPINForSigningIn() async throws { try await play() }
  func testABlockedPINForTheName() async throws { try await play() }
  func testTheLastTryIsUsedOnlyIfAllowed() async throws { try await play() }
  func testTheLastTryAndWrong() async throws { try await play() }
  func testTheCardIsLostAtEachExchangeInTurn() async throws { try await play() }
  func testTheCardIsLostWhileItChecksAPINAndThePINWasRight() async throws { try await play() }
  func testTheCertificateOfAnAndroidPhone() async throws { try await play() }
  func testTheCertificateOfAnIPhone() async throws { try await play() }
  func testTheOlderCard() async throws { try await play() }
  func testCancelledByATokenInMidtap() async throws { try await play() }
  func testCancelledByTheLanguageInMidtap() async throws { try await play() }
  func testCancelledHereForGood() async throws { try await play() }
  func testCancelledOnThePage() async throws { try await play() }
  func testFiftyTapsAtOnce() async throws { try await play() }
  func testAChannelThatThrowsSomethingOfItsOwn() async throws { try await play() }
  func testAListenerThatThrowsSomethingOfItsOwn() async throws { try await play() }
  func testACardThatAnswersNonsense() async throws { try await play() }
  func testOfflineThenNot() async throws { try await play() }
  func testTooLate() async throws { try await play() }
  func testARevokedCertificate() async throws { try await play() }
  func testTheAppIsRestartedInMidtap() async throws { try await play() }
  func testTheAppIsRestartedAfterTheTapBeforeItKnows() async throws { try await play() }

  /// XCTest finds methods, not data: this is what notices that one of them is missing.
  func testEveryScenarioOfTheFileHasATestHereAndNoOther() throws {
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let methods = source.components(separatedBy: "\n").compactMap { line -> String? in
      guard line.hasPrefix("  func test"), line.hasSuffix("{ try await play() }") else {
        return nil
      }
      return line.dropFirst("  func test".count).components(separatedBy: "()")[0]
    }
    let scenarios = try Scenarios.read()
    XCTAssertEqual(methods.map(key).sorted(), scenarios.map { key($0.name) }.sorted())
    XCTAssertEqual(Set(methods.map(key)).count, scenarios.count)
  }

  func testAFieldThatIsNotKnownIsAnError() throws {
    let known = #"{"scenarios": [{"name": "a", "attempts": [{"expect": "accepted"}]}]}"#
    XCTAssertNoThrow(try decode(known))
    for wrong in [
      known.replacingOccurrences(of: #""name""#, with: #""colour": 1, "name""#),
      known.replacingOccurrences(of: #""expect""#, with: #""retries": 1, "expect""#),
      known.replacingOccurrences(of: "accepted", with: "excepted"),
      known.replacingOccurrences(of: #""accepted""#, with: #"{"error": "offline", "why": 1}"#),
    ] {
      XCTAssertNotEqual(wrong, known)
      XCTAssertThrowsError(try decode(wrong), wrong)
    }
  }

  private func decode(_ text: String) throws {
    _ = try JSONDecoder().decode(Scenarios.self, from: Data(text.utf8))
  }

  /// Plays the scenario that the calling test is named after.
  private func play(_ test: String = #function) async throws {
    let name = key(String(test.dropFirst("test".count)))
    let found = try Scenarios.read().filter { key($0.name) == name }
    let scenario = try XCTUnwrap(found.first, "no scenario is called like \(test)")
    guard let parallel = scenario.parallel else { return try await ScenarioRun(scenario).play() }
    let runs = try await withThrowingTaskGroup(of: ScenarioRun.self) { group in
      for _ in 0..<parallel { group.addTask { try await ScenarioRun(scenario) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertEqual(runs.count, parallel)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for run in runs { group.addTask { try await run.play() } }
      try await group.waitForAll()
    }
  }
}

/// A name without spaces, signs and capitals.
private func key(_ name: String) -> String {
  name.lowercased().filter { $0.isLetter || $0.isNumber }
}

import Foundation
import Kazasu
import KazasuTestingFFI

/// A university with a page, a verifier and an authority that issues cards, in this process: each on
/// a port of loopback. They end with it and its pages.
public final class TestUniversity: Sendable {
  private let native: KazasuTestingFFI.TestUniversity

  private init(_ native: KazasuTestingFFI.TestUniversity) {
    self.native = native
  }

  /// Starts one, in some tens of milliseconds; many tests can share it.
  ///
  /// - Throws: `TestError` if there is no free port or no space for a temporary folder.
  public static func start() async throws -> TestUniversity {
    TestUniversity(try await startUniversity())
  }

  /// What an app's `Companion` is made with, first.
  public var ticketOrigin: String { native.ticketOrigin() }

  /// What an app's `Companion` is made with, second.
  public var verifierOrigin: String { native.verifierOrigin() }

  /// A new companion for this university.
  ///
  /// - Throws: nothing unless the addresses of this university are wrong.
  public func companion() throws -> Companion {
    try Companion(ticketOrigin: ticketOrigin, verifierOrigin: verifierOrigin)
  }

  /// Issues a card to somebody new. It lies in the reader's field.
  ///
  /// - Throws: `TestError` if the card cannot hold what was asked for.
  public func issueCard(_ holder: TestHolder = TestHolder()) async throws -> TestCard {
    TestCard(try await native.issueCard(holder: holder))
  }

  /// Opens the university's page in a new browser, up to the ticket.
  ///
  /// - Parameters:
  ///   - purpose: what the page asks for.
  ///   - mode: where the page is shown; there is no `.local` one.
  ///   - withName: whether it asks for the name.
  /// - Returns: the page.
  /// - Throws: `TestError` if the verifier does not take the request.
  public func openPage(
    purpose: Purpose = .link, mode: Mode = .samePhone, withName: Bool = true
  ) async throws -> TestPage {
    let place =
      switch mode {
      case .samePhone: "same-phone"
      case .otherDevice: "other-device"
      case .local: "local"
      }
    let request = TestRequest(purpose: "\(purpose)", mode: place, withName: withName)
    return TestPage(try await native.openPage(request: request), of: self)
  }

  /// Lets time pass for verifier and authority. The university's own clock stays, so that a tap cannot
  /// be finished more than a minute later.
  public func pass(seconds: Int) { native.pass(seconds: UInt32(seconds)) }

  /// Whether the verifier can be reached. Connections end when it cannot.
  public func setOnline(_ online: Bool) { native.setOnline(online: online) }
}

/// A page of the university that shows a ticket, in a browser of its own.
public final class TestPage: Sendable {
  private let native: KazasuTestingFFI.TestPage
  // Its servers end with it, and a page is nothing without them.
  private let university: TestUniversity

  init(_ native: KazasuTestingFFI.TestPage, of university: TestUniversity) {
    self.native = native
    self.university = university
  }

  /// The ticket: what an app link carries, or a QR code shows.
  public var link: String { native.link() }

  /// Types the six digits that the app shows.
  ///
  /// - Throws: `TestError` if the university has its answer already.
  public func typeDigits(_ digits: String) async throws {
    try await native.typeDigits(digits: digits)
  }

  /// Cancels on the page.
  ///
  /// - Throws: `TestError` if the page has nothing to cancel.
  public func cancel() async throws { try await native.cancel() }

  /// Goes on after the tap: opens the return URL of a tap on this phone, or looks at the page again.
  ///
  /// - Returns: what the university learns.
  /// - Throws: `TestError` if the browser does not get back to the university.
  public func finish(_ returnURL: URL? = nil) async throws -> TestAnswer {
    try await native.finish(returnUrl: returnURL?.absoluteString)
  }
}

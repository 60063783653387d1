import Foundation
import KazasuFFI

/// An accepted tap.
public struct Accepted: Hashable, Sendable {
  /// The one-time address to open in the browser that started; absent where the page goes on by
  /// itself.
  public let returnURL: URL?

  init(returnUrl: String?) throws {
    returnURL = try returnUrl.map { text in
      // Absent would mean that there is nowhere to go back to.
      guard let url = URL(string: text) else {
        throw TapError.internal(detail: "a return URL that is none")
      }
      return url
    }
  }
}

/// A ticket that this companion opened. Letting go of it leaves the transaction to expire.
public final class Tap: Sendable {
  private let native: KazasuFFI.Tap

  init(_ native: KazasuFFI.Tap) {
    self.native = native
  }

  /// What the ticket asks for.
  public var details: TapDetails { native.details() }

  /// The same as sentences for the consent screen. No PIN is to be asked before the person agreed.
  public func consent(in language: Language) -> Consent { native.consent(language: language) }

  /// What ``Companion/resume(_:cancel:)`` needs if the app is ended before the tap is over. It is a
  /// secret: keep it in the keychain, and delete it after the tap. It holds neither PINs nor anything
  /// of the card.
  public func save() -> Data { native.save() }

  /// Six digits for the person to type into the page, where `details.needsPairing`; calling it again
  /// replaces them.
  ///
  /// - Throws: ``TapError``, or `CancellationError` if the task was cancelled.
  public func startPairing(cancel: CancelToken? = nil) async throws -> PairingDigits {
    try await waiting(cancel) { try await self.native.startPairing(cancel: $0) }
  }

  /// Waits until the digits were typed. After ``TapError/offline``, call it again.
  ///
  /// - Throws: ``TapError``, or `CancellationError` if the task was cancelled.
  public func waitUntilPaired(cancel: CancelToken? = nil) async throws {
    try await waiting(cancel) { try await self.native.waitUntilPaired(cancel: $0) }
  }

  /// Reads the card in `channel`, has it sign, and submits that.
  ///
  /// After ``TapError/cardLost``, ``TapError/wrongPin(_:triesLeft:)``, ``TapError/lastTry(_:)`` or
  /// ``TapError/offline``, call it again with a new channel. A PIN goes to the card at most once for
  /// each time it was typed, also if the card was lost at that moment. The channel is closed as soon
  /// as the card is not needed.
  ///
  /// - Parameters:
  ///   - channel: to the card; it cannot be used again afterwards.
  ///   - pins: what the person typed.
  ///   - cancel: ends this call, besides the end of its task.
  ///   - onStep: told of each step in order, on a thread of the library; it should return at once.
  ///     The tap does not care whether it throws. ``progress(_:pins:cancel:)`` is the same for `for await`.
  /// - Returns: that it was accepted, and where to go on.
  /// - Throws: ``TapError``, or `CancellationError` if the task was cancelled.
  public func tap(
    _ channel: any CardChannel,
    pins: Pins,
    cancel: CancelToken? = nil,
    onStep: (@Sendable (TapStep) throws -> Void)? = nil
  ) async throws -> Accepted {
    let listener = onStep.map(StepListener.init)
    let accepted = try await waiting(cancel) {
      try await self.native.tap(
        channel: NativeChannel(channel), pins: pins.native, progress: listener, cancel: $0)
    }
    return try Accepted(returnUrl: accepted.returnUrl)
  }

  /// The same tap as a sequence: its steps, then the result. See ``TapProgress``.
  public func progress(
    _ channel: any CardChannel, pins: Pins, cancel: CancelToken? = nil
  ) -> TapProgress {
    TapProgress(tap: self, channel: channel, pins: pins, cancel: cancel)
  }

  /// Ends the transaction: whoever asked is told that the person cancelled. A call that is under way
  /// ends with ``TapError/cancelled``. It is carried through even if its task is cancelled, so that it
  /// can be used for clearing up.
  ///
  /// - Throws: ``TapError``; without an answer the transaction expires.
  public func cancel() async throws {
    do {
      try await native.cancel()
    } catch {
      throw TapError(error)
    }
  }
}

private final class StepListener: ProgressListener {
  private let onStep: @Sendable (TapStep) throws -> Void

  init(_ onStep: @escaping @Sendable (TapStep) throws -> Void) {
    self.onStep = onStep
  }

  func onStep(step: TapStep) throws { try onStep(step) }
}

import KazasuFFI

/// Why a digit was not taken.
public enum PinEntryError: Error, Hashable, Sendable {
  /// Not 0 to 9.
  case notADigit
  /// There are four digits already.
  case full
}

/// A PIN that is being typed, digit by digit. The digits are kept outside of Swift's memory, and are
/// wiped when they are taken back and when the PIN is let go; nothing reads them but the tap. A PIN
/// that turned out to be wrong is emptied.
public final class Pin: Sendable {
  let native = KazasuFFI.Pin()

  /// An empty one.
  public init() {}

  /// Takes one digit, 0 to 9.
  ///
  /// - Returns: how many there are now.
  /// - Throws: ``PinEntryError``; then nothing changed.
  @discardableResult
  public func push(_ digit: Int) throws -> Int {
    guard let digit = UInt8(exactly: digit) else { throw PinEntryError.notADigit }
    do {
      return Int(try native.push(digit: digit))
    } catch KazasuFFI.PinEntryError.NotADigit {
      throw PinEntryError.notADigit
    } catch KazasuFFI.PinEntryError.Full {
      throw PinEntryError.full
    }
  }

  /// Takes the last digit back, if there is one.
  ///
  /// - Returns: how many are left.
  @discardableResult
  public func removeLast() -> Int { Int(native.deleteLast()) }

  /// Takes all digits back.
  public func clear() { native.clear() }

  /// How many digits there are, 0 to 4.
  public var count: Int { Int(native.length()) }

  /// Whether it has its four digits.
  public var isComplete: Bool { native.isComplete() }
}

/// The PINs of a tap.
public struct Pins: Sendable {
  /// The PIN for signing in (利用者証明用暗証番号).
  public var authentication: Pin
  /// The PIN for the name (券面事項入力補助用暗証番号); needed where `TapDetails.providesName`.
  public var profile: Pin?
  /// Whether the last try of the PIN for signing in may be used: only after the person was told what
  /// a lock means.
  public var useLastAuthenticationTry: Bool
  /// The same for the PIN for the name.
  public var useLastProfileTry: Bool

  /// The PINs of a tap; no last try is used unless allowed here.
  public init(
    authentication: Pin,
    profile: Pin? = nil,
    useLastAuthenticationTry: Bool = false,
    useLastProfileTry: Bool = false
  ) {
    self.authentication = authentication
    self.profile = profile
    self.useLastAuthenticationTry = useLastAuthenticationTry
    self.useLastProfileTry = useLastProfileTry
  }

  var native: KazasuFFI.Pins {
    KazasuFFI.Pins(
      authentication: authentication.native,
      profile: profile?.native,
      useLastAuthenticationTry: useLastAuthenticationTry,
      useLastProfileTry: useLastProfileTry)
  }
}

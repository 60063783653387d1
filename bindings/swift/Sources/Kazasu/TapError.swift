import Foundation
import KazasuFFI

/// Why a step did not succeed. Each is a situation of its own on the screen, and ``message(in:)`` has
/// the words for it.
public enum TapError: Error, Hashable, Sendable {
  /// What was scanned or opened is no ticket.
  case notATicket
  /// A ticket of a verifier that this app was not built for. Nothing was sent anywhere.
  case unknownService
  /// A PIN that this tap needs has not its four digits yet.
  case pinMissing(PinKind)
  /// The PIN was wrong, and so many tries are left, at least 1. It is empty again: let the person type
  /// it anew.
  case wrongPin(PinKind, triesLeft: Int)
  /// The PIN is blocked, now or before; only a municipal office resets it.
  case pinBlocked(PinKind)
  /// One try is left, and it was not used. Tap again with ``Pins`` that allow it, if the person wants
  /// that after having been told what a lock means.
  case lastTry(PinKind)
  /// The card left. Nothing is lost: tap again with a new channel and the same PINs.
  case cardLost
  /// Reader or NFC went away, or was switched off.
  case readerGone
  /// Some other card.
  case notMyNumberCard
  /// A certificate held by a phone: the plastic card is needed.
  case phoneToken
  /// Card or channel did something that makes no sense. Putting the card back may help. `detail` is
  /// for the developer; never a PIN, a name or anything else of the card's content.
  case cardFailed(detail: String)
  /// The verifier could not be reached. The same step can be tried again.
  case offline
  /// Ticket or transaction have had their time: start again from the page.
  case expired
  /// The verifier refused.
  case rejected(Reason)
  /// This call was cancelled by its ``CancelToken``, or the transaction is: by ``Tap/cancel()``, or on
  /// the page. A call whose task was cancelled throws `CancellationError` instead.
  case cancelled
  /// The transaction is over: it was accepted, or cancelled here.
  case over
  /// What was to be resumed was not saved by this library, or is of another deployment.
  case notSaved
  /// A failure that the person can do nothing about; the same step would fail again. `detail` is for
  /// the developer.
  case `internal`(detail: String)
}

extension TapError: LocalizedError {
  /// What happened, in the language that the person prefers.
  public var errorDescription: String? { message(in: .preferred).sentence }

  /// What to do now, in the language that the person prefers.
  public var recoverySuggestion: String? {
    let nextStep = message(in: .preferred).nextStep
    return nextStep.isEmpty ? nil : nextStep
  }
}

extension TapError {
  /// Translates what a native call threw. What is not an error of the library's own is a fault in
  /// it, and not for a person to understand.
  init(_ error: any Error) {
    guard let error = error as? KazasuFFI.TapError else {
      self = .internal(detail: String(describing: error))
      return
    }
    switch error {
    case .NotATicket: self = .notATicket
    case .UnknownService: self = .unknownService
    case .PinMissing(let pin): self = .pinMissing(pin)
    case .WrongPin(let pin, let triesLeft): self = .wrongPin(pin, triesLeft: Int(triesLeft))
    case .PinBlocked(let pin): self = .pinBlocked(pin)
    case .LastTry(let pin): self = .lastTry(pin)
    case .CardLost: self = .cardLost
    case .ReaderGone: self = .readerGone
    case .NotMyNumberCard: self = .notMyNumberCard
    case .PhoneToken: self = .phoneToken
    case .CardFailed(let detail): self = .cardFailed(detail: detail)
    case .Offline: self = .offline
    case .Expired: self = .expired
    case .Rejected(let reason): self = .rejected(reason)
    case .Cancelled: self = .cancelled
    case .Over: self = .over
    case .NotSaved: self = .notSaved
    case .Internal(let detail): self = .internal(detail: detail)
    }
  }

  var native: KazasuFFI.TapError {
    switch self {
    case .notATicket: .NotATicket
    case .unknownService: .UnknownService
    case .pinMissing(let pin): .PinMissing(pin: pin)
    case .wrongPin(let pin, let triesLeft):
      .WrongPin(pin: pin, triesLeft: UInt8(clamping: triesLeft))
    case .pinBlocked(let pin): .PinBlocked(pin: pin)
    case .lastTry(let pin): .LastTry(pin: pin)
    case .cardLost: .CardLost
    case .readerGone: .ReaderGone
    case .notMyNumberCard: .NotMyNumberCard
    case .phoneToken: .PhoneToken
    case .cardFailed(let detail): .CardFailed(detail: detail)
    case .offline: .Offline
    case .expired: .Expired
    case .rejected(let reason): .Rejected(reason: reason)
    case .cancelled: .Cancelled
    case .over: .Over
    case .notSaved: .NotSaved
    case .internal(let detail): .Internal(detail: detail)
    }
  }
}

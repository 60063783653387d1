import Foundation
import KazasuFFI

/// Why an exchange with the card did not happen, or its answer did not arrive.
public enum ChannelError: Error, Hashable, Sendable {
  /// The card left the field. The person puts it back.
  case cardLost
  /// Reader or NFC went away, or was switched off.
  case readerGone
  /// The channel failed in another way; `detail` is for the developer.
  case failed(detail: String)
}

/// A channel to one activation of one card. After the card was lost, bring a new channel.
///
/// `NFCCardChannel` is one for iOS. Any error that is not a ``ChannelError`` ends the tap with
/// ``TapError/cardFailed(detail:)``.
public protocol CardChannel: Sendable {
  /// The largest APDUs this channel carries.
  var limits: ChannelLimits { get }

  /// Sends one command, once, and returns the card's whole answer with its two status bytes.
  ///
  /// It never repeats a command: it may carry a PIN. It must not be logged for the same reason. When
  /// the tap is cancelled, the task that runs this is cancelled.
  func transceive(_ command: Data) async throws -> Data

  /// Gives the card back. Called once for each tap, when the card is not needed any more: before the
  /// verifier has answered, and also while an exchange is under way that was cancelled. It may come
  /// from any thread, and must not wait for that exchange.
  func close()
}

/// Says what kind of card is in `channel`, and how many tries its PINs have. No PIN is sent, and
/// nothing personal is read. The channel is closed afterwards.
///
/// - Throws: ``TapError/cardLost``, ``TapError/readerGone``, ``TapError/cardFailed(detail:)``,
///   ``TapError/cancelled``, or `CancellationError` if the task was cancelled. Another card is no
///   error but a `CardKind`.
public func inspectCard(
  _ channel: any CardChannel, cancel: CancelToken? = nil
) async throws -> CardInfo {
  try await waiting(cancel) {
    try await KazasuFFI.inspectCard(channel: NativeChannel(channel), cancel: $0)
  }
}

/// A channel as the native code calls it.
final class NativeChannel: KazasuFFI.CardChannel {
  private let channel: any CardChannel

  init(_ channel: any CardChannel) {
    self.channel = channel
  }

  func limits() -> ChannelLimits { channel.limits }

  func transceive(command: Data) async throws -> Data {
    do {
      return try await channel.transceive(command)
    } catch ChannelError.cardLost {
      throw KazasuFFI.ChannelError.CardLost
    } catch ChannelError.readerGone {
      throw KazasuFFI.ChannelError.ReaderGone
    } catch ChannelError.failed(let detail) {
      throw KazasuFFI.ChannelError.Failed(detail: detail)
    } catch {
      // Not its text: that may hold an APDU.
      throw KazasuFFI.ChannelError.Failed(detail: String(reflecting: type(of: error)))
    }
  }

  func close() { channel.close() }
}

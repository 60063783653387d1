import Foundation
import Kazasu
import KazasuTestingFFI

extension TestExchange {
  /// Whether it carried a PIN to the card: a VERIFY (ISO 7816-4, INS 20) with more than a header.
  public var carriesPin: Bool { command.dropFirst(2).hasPrefix("20") && sent > 4 }
}

/// A card, and the reader it is held to. It begins in the reader's field.
public final class TestCard: Sendable {
  private let native: KazasuTestingFFI.TestCard

  init(_ native: KazasuTestingFFI.TestCard) {
    self.native = native
  }

  /// Puts the card into the field.
  public func present() { native.present() }

  /// Takes the card away.
  public func remove() { native.remove() }

  /// Activates the card in the field, as a phone does when it finds one. Without a card, each exchange
  /// finds it lost.
  ///
  /// - Parameter limits: what the reader carries. 261 and 258 are short APDUs only; without limits it
  ///   carries every APDU there is.
  /// - Returns: a channel to tap with, once.
  public func connect(limits: ChannelLimits? = nil) -> EmulatedChannel {
    guard let limits else { return EmulatedChannel(native.connect()) }
    let native = native.connectWith(
      limits: TestChannelLimits(command: limits.command, response: limits.response))
    return EmulatedChannel(native)
  }

  /// Replaces all faults; their exchanges count from now.
  public func setFaults(_ faults: [TestFault]) { native.setFaults(faults: faults) }

  /// The exchanges since the last ``clearExchanges()``.
  public var exchanges: [TestExchange] { native.exchanges() }

  /// Forgets the exchanges.
  public func clearExchanges() { native.clearExchanges() }

  /// The card's counters; 0 is blocked.
  public var triesLeft: TestTries { native.triesLeft() }

  /// Sets the card's counters. A token without the PIN for the name has none to set.
  public func setTriesLeft(_ tries: TestTries) { native.setTriesLeft(tries: tries) }

  /// Has the authority revoke the certificate.
  ///
  /// - Throws: `TestError` if it does not.
  public func revoke() throws { try native.revoke() }
}

/// One activation of a card: a channel to tap with.
public final class EmulatedChannel: CardChannel {
  private let native: KazasuTestingFFI.EmulatedChannel

  init(_ native: KazasuTestingFFI.EmulatedChannel) {
    self.native = native
  }

  /// The largest APDUs it carries.
  public var limits: ChannelLimits {
    let limits = native.limits()
    return ChannelLimits(command: limits.command, response: limits.response)
  }

  /// Sends one command.
  ///
  /// - Throws: `ChannelError`.
  public func transceive(_ command: Data) async throws -> Data {
    let answer: TestResponse
    do {
      answer = try native.exchange(command: command)
    } catch TestChannelError.CardLost {
      throw ChannelError.cardLost
    } catch TestChannelError.Failed(let detail) {
      throw ChannelError.failed(detail: detail)
    }
    if answer.lateByMs > 0 {
      try await Task.sleep(nanoseconds: UInt64(answer.lateByMs) * 1_000_000)
    }
    return answer.bytes
  }

  /// Gives the card back: from now on it is lost.
  public func close() { native.close() }

  /// Whether it was closed.
  public var isClosed: Bool { native.isClosed() }
}

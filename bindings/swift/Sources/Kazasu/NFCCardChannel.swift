#if canImport(CoreNFC) && !os(macOS)
  import CoreNFC
  import Foundation

  /// A channel to a card that an `NFCTagReaderSession` found.
  ///
  /// The app's entitlement names TAG, and its `Info.plist` lists the card's applications under
  /// `com.apple.developer.nfc.readersession.iso7816.select-identifiers`.
  public final class NFCCardChannel: CardChannel, @unchecked Sendable {
    // CoreNFC calls its objects on a queue of its own, whoever calls them.
    private let tag: any NFCISO7816Tag
    private let session: NFCTagReaderSession

    /// The largest APDUs it carries.
    public let limits: ChannelLimits

    /// A channel that ends with `session`: when the card is not needed any more, the session is
    /// invalidated, which closes the system's sheet.
    ///
    /// - Parameters:
    ///   - tag: the card, to which `session` is connected.
    ///   - session: what found it.
    ///   - limits: short APDUs (ISO 7816-3) unless said otherwise; all phones carry these.
    public init(
      _ tag: any NFCISO7816Tag,
      in session: NFCTagReaderSession,
      limits: ChannelLimits = ChannelLimits(command: 261, response: 258)
    ) {
      self.tag = tag
      self.session = session
      self.limits = limits
    }

    /// Sends one command.
    ///
    /// - Throws: ``ChannelError``.
    public func transceive(_ command: Data) async throws -> Data {
      guard let apdu = NFCISO7816APDU(data: command) else {
        throw ChannelError.failed(detail: "not an APDU for CoreNFC")
      }
      do {
        let (data, sw1, sw2) = try await tag.sendCommand(apdu: apdu)
        return data + [sw1, sw2]
      } catch let error as NFCReaderError {
        throw ChannelError(error)
      }
    }

    /// Invalidates the session.
    public func close() { session.invalidate() }
  }

  extension ChannelError {
    fileprivate init(_ error: NFCReaderError) {
      switch error.code {
      case .readerTransceiveErrorTagConnectionLost, .readerTransceiveErrorTagResponseError,
        .readerTransceiveErrorTagNotConnected, .readerTransceiveErrorRetryExceeded:
        self = .cardLost
      case .readerTransceiveErrorSessionInvalidated, .readerSessionInvalidationErrorUserCanceled,
        .readerSessionInvalidationErrorSessionTimeout,
        .readerSessionInvalidationErrorSessionTerminatedUnexpectedly,
        .readerSessionInvalidationErrorSystemIsBusy:
        self = .readerGone
      default:
        self = .failed(detail: "CoreNFC error \(error.code.rawValue)")
      }
    }
  }
#endif

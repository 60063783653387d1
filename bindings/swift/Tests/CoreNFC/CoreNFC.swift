// As much of Apple's CoreNFC as the channel for iOS uses, so that Linux can check its types. Nothing
// here does anything. Codes are those of Apple's NFCError.h.
import Foundation

public struct NFCReaderError: Error {
  public enum Code: Int, Sendable {
    case readerErrorUnsupportedFeature = 1
    case readerTransceiveErrorTagConnectionLost = 100
    case readerTransceiveErrorRetryExceeded = 101
    case readerTransceiveErrorTagResponseError = 102
    case readerTransceiveErrorSessionInvalidated = 103
    case readerTransceiveErrorTagNotConnected = 104
    case readerTransceiveErrorPacketTooLong = 105
    case readerSessionInvalidationErrorUserCanceled = 200
    case readerSessionInvalidationErrorSessionTimeout = 201
    case readerSessionInvalidationErrorSessionTerminatedUnexpectedly = 202
    case readerSessionInvalidationErrorSystemIsBusy = 203
  }
  public let code: Code
}

open class NFCISO7816APDU: NSObject {
  public init?(data: Data) {}
}

public protocol NFCISO7816Tag {
  var initialSelectedAID: String { get }
  func sendCommand(apdu: NFCISO7816APDU) async throws -> (Data, UInt8, UInt8)
}

public enum NFCTag {
  case iso7816(any NFCISO7816Tag)
  case miFare
}

public protocol NFCTagReaderSessionDelegate: AnyObject {
  func tagReaderSessionDidBecomeActive(_ session: NFCTagReaderSession)
  func tagReaderSession(_ session: NFCTagReaderSession, didInvalidateWithError error: any Error)
  func tagReaderSession(_ session: NFCTagReaderSession, didDetect tags: [NFCTag])
}

open class NFCTagReaderSession: NSObject {
  public struct PollingOption: OptionSet, Sendable {
    public static let iso14443 = PollingOption(rawValue: 1)
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
  }

  open var alertMessage = ""

  public init?(
    pollingOption: PollingOption,
    delegate: any NFCTagReaderSessionDelegate,
    queue: DispatchQueue? = nil
  ) {}

  open func begin() {}
  open func invalidate() {}
  open func restartPolling() {}
  open func connect(to tag: NFCTag, completionHandler: @escaping ((any Error)?) -> Void) {}
}

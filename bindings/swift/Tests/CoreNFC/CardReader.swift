import CoreNFC
import Foundation
import Kazasu

/// Waits for a card to be held to the phone.
@MainActor
final class CardReader: NSObject, @preconcurrency NFCTagReaderSessionDelegate {
  private var waiting: CheckedContinuation<NFCCardChannel, any Error>?

  /// A new channel for each call of `tap`.
  func channel(prompt: String) async throws -> NFCCardChannel {
    let session = NFCTagReaderSession(pollingOption: .iso14443, delegate: self, queue: .main)
    guard let session else { throw TapError.readerGone }
    session.alertMessage = prompt
    return try await withCheckedThrowingContinuation { continuation in
      waiting = continuation
      session.begin()
    }
  }

  func tagReaderSession(_ session: NFCTagReaderSession, didDetect tags: [NFCTag]) {
    guard let found = tags.first, case .iso7816(let tag) = found else {
      return session.restartPolling()
    }
    session.connect(to: found) { error in
      MainActor.assumeIsolated {
        guard error == nil else { return session.restartPolling() }
        self.waiting?.resume(returning: NFCCardChannel(tag, in: session))
        self.waiting = nil
      }
    }
  }

  /// The person closed the sheet, or 60 seconds went by.
  func tagReaderSession(_ session: NFCTagReaderSession, didInvalidateWithError error: any Error) {
    waiting?.resume(throwing: TapError.readerGone)
    waiting = nil
  }

  func tagReaderSessionDidBecomeActive(_ session: NFCTagReaderSession) {}
}

import Foundation
import Kazasu
import KazasuTesting

/// What most tests share: it takes a moment to start one.
private let sharedUniversity = Task { try await TestUniversity.start() }

func university() async throws -> TestUniversity { try await sharedUniversity.value }

/// The PIN that these digits make.
func typed(_ digits: String) throws -> Pin {
  let pin = Pin()
  for digit in digits.compactMap(\.wholeNumberValue) { try pin.push(digit) }
  return pin
}

/// Both PINs of an emulated card.
func typedPins() throws -> Pins {
  Pins(authentication: try typed("1234"), profile: try typed("2345"))
}

/// An error that neither library knows.
struct StrayError: Error {}

/// A channel that tells what happens to it, and that can fail in its own way.
final class WatchedChannel: CardChannel, @unchecked Sendable {
  private let inner: any CardChannel
  private let throwsAt: Int?
  private let lock = NSLock()
  private var begun = 0
  private var closed = 0
  private var cancelled = false
  private let exchanges = AsyncStream.makeStream(of: Int.self)

  init(_ inner: any CardChannel, throwsAt: Int? = nil) {
    self.inner = inner
    self.throwsAt = throwsAt
  }

  var limits: ChannelLimits { inner.limits }

  func transceive(_ command: Data) async throws -> Data {
    let number = lock.withLock {
      begun += 1
      return begun
    }
    exchanges.continuation.yield(number)
    if number == throwsAt { throw StrayError() }
    defer { if Task.isCancelled { lock.withLock { cancelled = true } } }
    return try await inner.transceive(command)
  }

  func close() {
    lock.withLock { closed += 1 }
    inner.close()
    exchanges.continuation.finish()
  }

  /// How often it was closed.
  var timesClosed: Int { lock.withLock { closed } }

  /// Whether the task of an exchange was cancelled.
  var sawCancellation: Bool { lock.withLock { cancelled } }

  /// Waits until an exchange, counted from one, has begun; whether it did.
  func begins(_ number: Int) async -> Bool {
    for await begun in exchanges.stream where begun == number { return true }
    return false
  }
}

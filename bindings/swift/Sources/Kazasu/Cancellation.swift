import Foundation
import KazasuFFI

/// Ends calls from outside of their task, such as from a button. Cancelling the task that waits for
/// a call ends it, too; then it throws `CancellationError` and not ``TapError/cancelled``.
///
/// The transaction goes on either way: ``Tap/cancel()`` ends that.
public final class CancelToken: @unchecked Sendable {
  private let lock = NSLock()
  // Under the lock. Each call has a native token of its own, so that the end of a task ends its own
  // call and not all that share this token.
  private var calls: [ObjectIdentifier: KazasuFFI.CancelToken] = [:]
  private var cancelled = false

  /// A token that is not cancelled.
  public init() {}

  /// Ends every call that was given this token, and each that will be.
  public func cancel() {
    let calls = lock.withLock {
      cancelled = true
      return Array(self.calls.values)
    }
    for call in calls { call.cancel() }
  }

  /// Whether it was cancelled.
  public var isCancelled: Bool { lock.withLock { cancelled } }

  fileprivate func begin(_ call: KazasuFFI.CancelToken) {
    let cancelled = lock.withLock {
      calls[ObjectIdentifier(call)] = call
      return self.cancelled
    }
    if cancelled { call.cancel() }
  }

  fileprivate func end(_ call: KazasuFFI.CancelToken) {
    lock.withLock { calls[ObjectIdentifier(call)] = nil }
  }
}

/// Waits for a native call, which ends when this task or `cancel` is cancelled: cancelling a task
/// does not reach into native code by itself.
func waiting<Result: Sendable>(
  _ cancel: CancelToken?,
  for call: (KazasuFFI.CancelToken) async throws -> Result
) async throws -> Result {
  let token = KazasuFFI.CancelToken()
  cancel?.begin(token)
  defer { cancel?.end(token) }
  return try await withTaskCancellationHandler {
    do {
      return try await call(token)
    } catch KazasuFFI.TapError.Cancelled where Task.isCancelled {
      throw CancellationError()
    } catch {
      throw TapError(error)
    }
  } onCancel: {
    token.cancel()
  }
}

/// A tap as it goes on: its steps in order, and last the result.
///
/// ```swift
/// for try await progress in tap.progress(channel, pins: pins) {
///   switch progress {
///   case .step(let step): show(step.message(in: .japanese))
///   case .accepted(let accepted): open(accepted.returnURL)
///   }
/// }
/// ```
///
/// The tap begins with the loop. Leaving the loop, or cancelling its task, ends the tap; in the
/// latter case `CancellationError` is thrown. Use it once: the channel is closed afterwards.
public struct TapProgress: AsyncSequence, Sendable {
  /// How far the tap is.
  public enum Element: Hashable, Sendable {
    /// A step begins.
    case step(TapStep)
    /// The tap is over, and this is its result.
    case accepted(Accepted)
  }

  let tap: Tap
  let channel: any CardChannel
  let pins: Pins
  let cancel: CancelToken?

  /// Begins the tap.
  public func makeAsyncIterator() -> Iterator {
    let (steps, continuation) = AsyncStream.makeStream(of: TapStep.self)
    let task = Task { [tap, channel, pins, cancel] in
      defer { continuation.finish() }
      return try await tap.tap(channel, pins: pins, cancel: cancel) { continuation.yield($0) }
    }
    // Also when nobody iterates any more.
    continuation.onTermination = { _ in task.cancel() }
    return Iterator(steps: steps.makeAsyncIterator(), result: task)
  }

  /// What `for try await` asks.
  public struct Iterator: AsyncIteratorProtocol {
    var steps: AsyncStream<TapStep>.Iterator
    var result: Task<Accepted, any Error>?

    /// The next step, then the result, then nothing.
    ///
    /// - Throws: what ``Tap/tap(_:pins:cancel:onStep:)`` throws.
    public mutating func next() async throws -> Element? {
      if let step = await steps.next() { return .step(step) }
      guard let result else { return nil }
      self.result = nil
      return .accepted(try await result.value)
    }
  }
}

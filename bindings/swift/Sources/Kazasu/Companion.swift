import Foundation
import KazasuFFI

/// Why a companion cannot be set up: the app was built with wrong addresses.
public enum SetupError: Error, Hashable, Sendable {
  /// `address` is not `scheme://host[:port]` alone.
  case notAnOrigin(address: String)
  /// `address` is neither HTTPS nor plain HTTP to this very machine.
  case insecure(address: String)
}

/// Where a saved tap is.
public enum Resumed: Sendable {
  /// It waits for pairing or for the card, as it did before. PINs have to be typed again.
  case open(Tap)
  /// The tap was accepted; only its answer was missed.
  case accepted(Accepted)
}

/// What opens tickets of one verifier. An app has one.
public final class Companion: Sendable {
  private let native: KazasuFFI.Companion

  /// For tickets at `ticketOrigin`, such as `https://tap.example`, whose verifier is
  /// `verifierOrigin`. An app builds both in; a link never brings them.
  ///
  /// - Throws: ``SetupError``.
  public init(ticketOrigin: String, verifierOrigin: String) throws {
    surviveBrokenConnections()
    do {
      native = try KazasuFFI.Companion(ticketOrigin: ticketOrigin, verifierOrigin: verifierOrigin)
    } catch KazasuFFI.SetupError.NotAnOrigin(let address) {
      throw SetupError.notAnOrigin(address: address)
    } catch KazasuFFI.SetupError.Insecure(let address) {
      throw SetupError.insecure(address: address)
    }
  }

  /// Opens a ticket: what was scanned, or the address that an app link brought. The first companion
  /// that opens it has it.
  ///
  /// - Throws: ``TapError/notATicket`` and ``TapError/unknownService`` before anything was sent;
  ///   ``TapError/offline``, ``TapError/expired``, ``TapError/rejected(_:)``; `CancellationError` if
  ///   the task was cancelled.
  public func open(_ link: String, cancel: CancelToken? = nil) async throws -> Tap {
    Tap(try await waiting(cancel) { try await self.native.open(link: link, cancel: $0) })
  }

  /// Goes on with a tap that was saved before the app was ended.
  ///
  /// - Throws: ``TapError/notSaved`` for bytes that ``Tap/save()`` of this verifier did not give;
  ///   otherwise why the tap cannot go on.
  public func resume(_ saved: Data, cancel: CancelToken? = nil) async throws -> Resumed {
    let resumed = try await waiting(cancel) {
      try await self.native.resume(saved: saved, cancel: $0)
    }
    switch resumed {
    case .open(let tap): return .open(Tap(tap))
    case .accepted(let returnUrl): return .accepted(try Accepted(returnUrl: returnUrl))
    }
  }
}

/// Keeps Linux from ending the process when the other side ends a connection, unless the program has
/// its own way. On Apple's systems the native code's sockets see to it one by one, which Linux has no
/// option for.
private func surviveBrokenConnections() {
  #if os(Linux)
    _ = brokenPipesAreErrors
  #endif
}

#if os(Linux)
  import Glibc

  private let brokenPipesAreErrors: Void = {
    var present = sigaction()
    sigaction(SIGPIPE, nil, &present)
    if present.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
  }()
#endif

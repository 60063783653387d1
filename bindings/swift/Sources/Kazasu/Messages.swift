import Foundation
import KazasuFFI

extension Language {
  /// Japanese if the person prefers that to English, as the system says; English otherwise.
  public static var preferred: Language {
    let known = Locale.preferredLanguages.first { $0.hasPrefix("ja") || $0.hasPrefix("en") }
    return known?.hasPrefix("ja") == true ? .japanese : .english
  }
}

extension TapError {
  /// What a person is told of this error.
  public func message(in language: Language) -> Message {
    messageOf(error: native, language: language)
  }
}

extension TapStep {
  /// What the person who holds the card is told, one sentence.
  public func message(in language: Language) -> String {
    stepMessage(step: self, language: language)
  }
}

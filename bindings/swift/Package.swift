// swift-tools-version: 6.0
import Foundation
import PackageDescription

/// The native library behind a generated module. On Apple's systems it comes as an XCFramework,
/// which `./xcframework` puts here; elsewhere the linker finds it where `-L` says.
func native(_ module: String, framework: String) -> Target {
  let folder = "\(framework).xcframework"
  guard FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(folder)") else {
    return .systemLibrary(name: module, path: "Sources/\(module)")
  }
  return .binaryTarget(name: module, path: folder)
}

/// What uniffi wrote. It is not written for Swift 6 mode.
func generated(_ module: String, native: String) -> Target {
  .target(
    name: module,
    dependencies: [.target(name: native)],
    path: "Generated/\(module)",
    exclude: ["\(native).h", "\(native).modulemap"],
    swiftSettings: [.swiftLanguageMode(.v5)])
}

let package = Package(
  name: "Kazasu",
  platforms: [.iOS(.v16), .macOS(.v13)],
  products: [
    .library(name: "Kazasu", targets: ["Kazasu"]),
    // For an app's tests. Never link it into an app.
    .library(name: "KazasuTesting", targets: ["KazasuTesting"]),
  ],
  targets: [
    native("kazasu_ffiFFI", framework: "KazasuNative"),
    native("kazasu_testingFFI", framework: "KazasuTestingNative"),
    generated("KazasuFFI", native: "kazasu_ffiFFI"),
    generated("KazasuTestingFFI", native: "kazasu_testingFFI"),
    .target(name: "Kazasu", dependencies: ["KazasuFFI"]),
    .target(name: "KazasuTesting", dependencies: ["Kazasu", "KazasuTestingFFI"]),
    .testTarget(name: "KazasuTests", dependencies: ["Kazasu", "KazasuTesting"]),
  ],
  swiftLanguageModes: [.v6]
)

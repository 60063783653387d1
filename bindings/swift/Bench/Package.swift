// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Bench",
  platforms: [.macOS(.v13)],
  dependencies: [.package(name: "Kazasu", path: "..")],
  targets: [
    .executableTarget(
      name: "Bench",
      dependencies: [
        .product(name: "Kazasu", package: "Kazasu"),
        .product(name: "KazasuTesting", package: "Kazasu"),
      ])
  ]
)
